CREATE TABLE IF NOT EXISTS kerberos_used (
  authenticator {{bytes 32}} NOT NULL PRIMARY KEY,
  until         {{id}} NOT NULL
);
