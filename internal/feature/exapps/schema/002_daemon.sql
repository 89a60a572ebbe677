CREATE TABLE IF NOT EXISTS exapps_daemon (
  name     {{key}} NOT NULL PRIMARY KEY,
  id       {{id}} NOT NULL,
  settings {{text}} NOT NULL
) {{clustered}};
