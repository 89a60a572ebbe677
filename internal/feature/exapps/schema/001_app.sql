CREATE TABLE IF NOT EXISTS exapps_app (
  app      {{key}} NOT NULL PRIMARY KEY,
  secret   {{name}} NOT NULL,
  former   {{name}} NOT NULL,
  former_until {{id}} NOT NULL,
  enabled  {{id}} NOT NULL,
  daemon   {{key}} NOT NULL,
  version  {{key}} NOT NULL,
  settings {{text}} NOT NULL,
  status   {{text}} NOT NULL,
  seen     {{id}} NOT NULL
) {{clustered}};
