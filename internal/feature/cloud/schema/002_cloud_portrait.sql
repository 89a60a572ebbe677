CREATE TABLE IF NOT EXISTS cloud_portrait (
  uid     {{key}} NOT NULL PRIMARY KEY,
  source  {{key}} NOT NULL,
  mark    {{name}} NOT NULL,
  tag     {{key}} NOT NULL,
  checked {{id}} NOT NULL
);
