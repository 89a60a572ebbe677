CREATE TABLE IF NOT EXISTS extent (
  content {{id}} NOT NULL,
  seq     INTEGER NOT NULL,
  part    {{id}} NOT NULL,
  size    {{id}} NOT NULL,
  PRIMARY KEY (content, seq)
) {{clustered}};
