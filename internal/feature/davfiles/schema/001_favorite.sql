CREATE TABLE IF NOT EXISTS favorite (
  uid  {{key}} NOT NULL,
  node {{id}} NOT NULL,
  PRIMARY KEY (uid, node)
) {{clustered}};
