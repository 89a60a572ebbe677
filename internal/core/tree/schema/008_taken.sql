CREATE TABLE IF NOT EXISTS taken (
  content {{id}} NOT NULL PRIMARY KEY,
  at      {{id}} NOT NULL
) {{clustered}};
