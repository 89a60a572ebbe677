CREATE TABLE IF NOT EXISTS bus_cursor (
  name  {{key}} NOT NULL PRIMARY KEY,
  turn  {{id}} NOT NULL,
  at    {{id}} NOT NULL,
  id    {{id}} NOT NULL,
  tries INTEGER NOT NULL,
  due   {{id}} NOT NULL
) {{clustered}};
