CREATE TABLE IF NOT EXISTS exapps_used (
  hash     {{bytes 32}} NOT NULL PRIMARY KEY,
  addr     {{key}} NOT NULL,
  expires  {{id}} NOT NULL
);
