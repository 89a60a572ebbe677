CREATE TABLE IF NOT EXISTS share_place (
  uid    {{key}} NOT NULL,
  node   {{id}} NOT NULL,
  folder {{id}} NOT NULL,
  name   {{name}} NOT NULL,
  PRIMARY KEY (uid, node)
) {{clustered}};
