CREATE TABLE IF NOT EXISTS activity_feed (
  uid  {{key}} NOT NULL PRIMARY KEY,
  hash {{bytes 32}} NOT NULL UNIQUE
) {{clustered}};
