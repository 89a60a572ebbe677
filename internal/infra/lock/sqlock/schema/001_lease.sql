CREATE TABLE IF NOT EXISTS lease (
  name  {{key}} NOT NULL PRIMARY KEY,
  owner {{key}} NOT NULL,
  until {{id}} NOT NULL
) {{clustered}};
