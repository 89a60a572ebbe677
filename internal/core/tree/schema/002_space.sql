CREATE TABLE IF NOT EXISTS space (
  root  {{id}} NOT NULL PRIMARY KEY,
  kind  SMALLINT NOT NULL,
  owner {{key}} NOT NULL,
  quota {{id}} NOT NULL,
  turn  {{id}} NOT NULL
);
