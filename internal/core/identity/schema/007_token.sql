CREATE TABLE IF NOT EXISTS token (
  id        {{id}} NOT NULL PRIMARY KEY,
  hash      {{bytes 32}} NOT NULL UNIQUE,
  uid       {{key}} NOT NULL,
  login     {{key}} NOT NULL,
  name      {{name}} NOT NULL,
  kind      SMALLINT NOT NULL,
  files     SMALLINT NOT NULL,
  wipe      SMALLINT NOT NULL,
  created   {{id}} NOT NULL,
  used      {{id}} NOT NULL,
  idle      {{id}} NOT NULL,
  confirmed {{id}} NOT NULL
);
