CREATE TABLE IF NOT EXISTS scim_token (
  name    {{key}} NOT NULL PRIMARY KEY,
  hash    {{bytes 32}} NOT NULL UNIQUE,
  made    {{id}} NOT NULL,
  used    {{id}} NOT NULL,
  expires {{id}} NOT NULL
);
