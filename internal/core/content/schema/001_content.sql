CREATE TABLE IF NOT EXISTS content (
  id    {{id}} NOT NULL PRIMARY KEY,
  size  {{id}} NOT NULL,
  sha1  {{bytes 20}},
  refs  {{id}} NOT NULL,
  born  {{id}} NOT NULL,
  parts INTEGER NOT NULL
);
