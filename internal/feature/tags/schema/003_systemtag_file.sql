CREATE TABLE IF NOT EXISTS systemtag_file (
  node {{id}} NOT NULL,
  tag  {{id}} NOT NULL,
  PRIMARY KEY (node, tag)
) {{clustered}};
