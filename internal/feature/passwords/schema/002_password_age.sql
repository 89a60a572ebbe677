CREATE TABLE IF NOT EXISTS password_age (
  uid {{key}} NOT NULL PRIMARY KEY,
  at  {{id}} NOT NULL
) {{clustered}};
