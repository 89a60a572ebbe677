CREATE TABLE IF NOT EXISTS reminder (
  node {{id}} NOT NULL,
  uid  {{key}} NOT NULL,
  due  {{id}} NOT NULL,
  PRIMARY KEY (node, uid)
) {{clustered}};
