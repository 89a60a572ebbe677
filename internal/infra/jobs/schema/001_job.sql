CREATE TABLE IF NOT EXISTS job (
  id      {{id}} NOT NULL PRIMARY KEY,
  kind    {{key}} NOT NULL,
  due     {{id}} NOT NULL,
  until   {{id}} NOT NULL,
  owner   {{key}} NOT NULL,
  tries   INTEGER NOT NULL,
  lane    {{key}} NOT NULL,
  waiting {{key}} UNIQUE,
  running {{key}} UNIQUE,
  body    {{text}} NOT NULL
) {{clustered}};
