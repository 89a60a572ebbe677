CREATE TABLE IF NOT EXISTS trash_limit (
  uid   {{key}} NOT NULL PRIMARY KEY,
  bytes {{id}} NOT NULL
);
