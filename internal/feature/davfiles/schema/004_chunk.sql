CREATE TABLE IF NOT EXISTS chunk (
  upload  {{id}} NOT NULL,
  name    {{key}} NOT NULL,
  content {{id}} NOT NULL,
  size    {{id}} NOT NULL,
  mtime   {{id}} NOT NULL,
  PRIMARY KEY (upload, name)
) {{clustered}};
