CREATE TABLE IF NOT EXISTS saml_empty (
  gid   {{key}} NOT NULL PRIMARY KEY,
  since {{id}} NOT NULL
);
