CREATE TABLE IF NOT EXISTS template_folder (
  uid  {{key}} NOT NULL PRIMARY KEY,
  path {{text}} NOT NULL
);
