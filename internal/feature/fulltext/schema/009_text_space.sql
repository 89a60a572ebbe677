CREATE TABLE IF NOT EXISTS text_space (
  space {{id}} NOT NULL PRIMARY KEY
);
