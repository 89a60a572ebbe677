CREATE TABLE IF NOT EXISTS comment_read (
  node {{id}} NOT NULL,
  uid  {{key}} NOT NULL,
  mark {{id}} NOT NULL,
  PRIMARY KEY (node, uid)
) {{clustered}};
