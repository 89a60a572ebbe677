CREATE TABLE IF NOT EXISTS text_gone (
  id   {{id}} NOT NULL PRIMARY KEY,
  node {{id}} NOT NULL
);
