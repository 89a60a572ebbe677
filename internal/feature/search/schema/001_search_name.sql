CREATE TABLE IF NOT EXISTS search_name (
  node  {{id}} NOT NULL PRIMARY KEY,
  space {{id}} NOT NULL,
  mtime {{id}} NOT NULL,
  size  {{id}} NOT NULL,
  mime  INTEGER NOT NULL,
  name  {{name}} NOT NULL
);
