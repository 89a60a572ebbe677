CREATE TABLE IF NOT EXISTS trashed (
  holder   {{key}} NOT NULL,
  name     {{name}} NOT NULL,
  deleted  {{id}} NOT NULL,
  node     {{id}} NOT NULL,
  space    {{id}} NOT NULL,
  owner    {{key}} NOT NULL,
  deleter  {{key}} NOT NULL,
  folder   {{id}} NOT NULL,
  location {{text}} NOT NULL,
  PRIMARY KEY (holder, name, deleted)
) {{clustered}};
