CREATE TABLE IF NOT EXISTS bus_event (
  id   {{id}} NOT NULL PRIMARY KEY,
  turn {{id}} NOT NULL,
  at   {{id}} NOT NULL,
  name {{key}} NOT NULL,
  body {{text}} NOT NULL
) {{clustered}};
