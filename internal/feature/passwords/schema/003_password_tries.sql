CREATE TABLE IF NOT EXISTS password_tries (
  account {{key}} NOT NULL PRIMARY KEY,
  n       {{id}} NOT NULL,
  at      {{id}} NOT NULL
) {{clustered}};
