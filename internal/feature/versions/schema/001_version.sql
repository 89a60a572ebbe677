CREATE TABLE IF NOT EXISTS version (
  node    {{id}} NOT NULL,
  name    {{id}} NOT NULL,
  content {{id}} NOT NULL,
  size    {{id}} NOT NULL,
  mtime   {{id}} NOT NULL,
  made    {{id}} NOT NULL,
  due     {{id}} NOT NULL,
  owner   {{key}} NOT NULL,
  author  {{key}} NOT NULL,
  PRIMARY KEY (node, name)
) {{clustered}};
