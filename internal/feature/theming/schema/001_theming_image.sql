CREATE TABLE IF NOT EXISTS theming_image (
  name  {{key}} NOT NULL PRIMARY KEY,
  kind  {{key}} NOT NULL,
  tag   {{key}} NOT NULL,
  bytes {{blob}} NOT NULL
);
