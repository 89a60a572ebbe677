CREATE TABLE IF NOT EXISTS filelock (
  token   {{key}} NOT NULL PRIMARY KEY,
  space   {{id}} NOT NULL,
  node    {{id}} NOT NULL,
  deep    SMALLINT NOT NULL,
  shared  SMALLINT NOT NULL,
  kind    SMALLINT NOT NULL,
  app     {{key}} NOT NULL,
  owner   {{text}} NOT NULL,
  uid     {{key}} NOT NULL,
  display {{text}} NOT NULL,
  agent   {{text}} NOT NULL,
  created {{id}} NOT NULL,
  expires {{id}} NOT NULL
);
