CREATE TABLE IF NOT EXISTS homes_name (
  uid  {{key}} NOT NULL PRIMARY KEY,
  name {{key}} NOT NULL UNIQUE
);
