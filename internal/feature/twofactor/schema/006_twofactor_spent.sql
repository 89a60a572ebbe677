CREATE TABLE IF NOT EXISTS twofactor_spent (
  hash    {{bytes 32}} NOT NULL PRIMARY KEY,
  expires {{id}} NOT NULL
);
