CREATE TABLE IF NOT EXISTS davlock (
  token   {{key}} NOT NULL PRIMARY KEY,
  space   {{id}} NOT NULL,
  node    {{id}} NOT NULL,
  deep    SMALLINT NOT NULL,
  shared  SMALLINT NOT NULL,
  owner   {{text}} NOT NULL,
  uid     {{key}} NOT NULL,
  display {{text}} NOT NULL,
  created {{id}} NOT NULL,
  expires {{id}} NOT NULL
);
