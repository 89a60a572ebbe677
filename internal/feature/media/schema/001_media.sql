CREATE TABLE IF NOT EXISTS media (
  content {{id}} NOT NULL PRIMARY KEY,
  edition INTEGER NOT NULL,
  width   INTEGER NOT NULL,
  height  INTEGER NOT NULL,
  about   {{text}} NOT NULL
) {{clustered}};
