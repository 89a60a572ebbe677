CREATE TABLE IF NOT EXISTS bus_turn (
  name {{key}} NOT NULL PRIMARY KEY,
  turn {{id}} NOT NULL
) {{clustered}};
