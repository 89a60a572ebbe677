CREATE TABLE IF NOT EXISTS share_reminded (
  share {{id}} NOT NULL PRIMARY KEY,
  until {{id}} NOT NULL
);
