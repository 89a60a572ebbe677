CREATE TABLE IF NOT EXISTS role (
  name    {{key}} NOT NULL,
  version {{id}} NOT NULL,
  body    {{text}} NOT NULL,
  at      {{id}} NOT NULL,
  actor   {{key}} NOT NULL,
  PRIMARY KEY (name, version)
) {{clustered}};
