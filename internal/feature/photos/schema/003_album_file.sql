CREATE TABLE IF NOT EXISTS album_file (
  album {{id}} NOT NULL,
  node  {{id}} NOT NULL,
  seq   {{id}} NOT NULL,
  PRIMARY KEY (album, node)
) {{clustered}};
