CREATE TABLE IF NOT EXISTS grp (
  gid     {{key}} NOT NULL PRIMARY KEY,
  display {{name}} NOT NULL,
  words   {{name}} NOT NULL,
  created {{id}} NOT NULL
) {{clustered}};
