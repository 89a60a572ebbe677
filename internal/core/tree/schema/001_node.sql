CREATE TABLE IF NOT EXISTS node (
  parent   {{id}} NOT NULL,
  name     {{name}} NOT NULL,
  id       {{id}} NOT NULL UNIQUE,
  kind     SMALLINT NOT NULL,
  size     {{id}} NOT NULL,
  mtime    {{id}} NOT NULL,
  etag     {{id}} NOT NULL,
  mime     INTEGER NOT NULL,
  content  {{id}} NOT NULL,
  sha1     {{bytes 20}},
  created  {{id}} NOT NULL,
  uploaded {{id}} NOT NULL,
  PRIMARY KEY (parent, name)
) {{clustered}};
