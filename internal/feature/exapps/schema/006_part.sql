CREATE TABLE IF NOT EXISTS exapps_part (
  app      {{key}} NOT NULL,
  kind     {{key}} NOT NULL,
  name     {{key}} NOT NULL,
  id       {{id}} NOT NULL,
  body     {{text}} NOT NULL,
  PRIMARY KEY (app, kind, name)
) {{clustered}};
