CREATE TABLE IF NOT EXISTS exapps_config (
  app       {{key}} NOT NULL,
  uid       {{key}} NOT NULL,
  name      {{key}} NOT NULL,
  id        {{id}} NOT NULL,
  value     {{text}} NOT NULL,
  secret    {{id}} NOT NULL,
  PRIMARY KEY (app, uid, name)
) {{clustered}};
