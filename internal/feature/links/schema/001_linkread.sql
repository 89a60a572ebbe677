CREATE TABLE IF NOT EXISTS linkread (
  link    {{id}} NOT NULL,
  node    {{id}} NOT NULL,
  visitor {{key}} NOT NULL,
  at      {{id}} NOT NULL,
  PRIMARY KEY (link, node, visitor)
) {{clustered}};
