CREATE TABLE IF NOT EXISTS search_space (
  space {{id}} NOT NULL PRIMARY KEY,
  built SMALLINT NOT NULL
);
