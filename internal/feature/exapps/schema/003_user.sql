CREATE TABLE IF NOT EXISTS exapps_user (
  app      {{key}} NOT NULL,
  uid      {{key}} NOT NULL,
  agreed   {{id}} NOT NULL,
  noted    {{id}} NOT NULL,
  PRIMARY KEY (app, uid)
) {{clustered}};
