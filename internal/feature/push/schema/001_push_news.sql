CREATE TABLE IF NOT EXISTS push_news (
  seq  {{id}} NOT NULL PRIMARY KEY,
  at   {{id}} NOT NULL,
  body {{text}} NOT NULL
) {{clustered}};
