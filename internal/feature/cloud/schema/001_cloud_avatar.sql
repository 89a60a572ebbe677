CREATE TABLE IF NOT EXISTS cloud_avatar (
  uid   {{key}} NOT NULL PRIMARY KEY,
  tag   {{key}} NOT NULL,
  large {{blob}} NOT NULL,
  small {{blob}} NOT NULL
);
