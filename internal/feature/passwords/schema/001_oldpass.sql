CREATE TABLE IF NOT EXISTS oldpass (
  uid  {{key}} NOT NULL,
  at   {{id}} NOT NULL,
  hash {{name}} NOT NULL,
  PRIMARY KEY (uid, at, hash)
) {{clustered}};
