CREATE TABLE IF NOT EXISTS twofactor_code (
  id      {{id}} NOT NULL PRIMARY KEY,
  uid     {{key}} NOT NULL,
  kind    SMALLINT NOT NULL,
  hash    {{bytes 32}} NOT NULL UNIQUE,
  made    {{id}} NOT NULL,
  expires {{id}} NOT NULL,
  used    {{id}} NOT NULL
);
