CREATE TABLE IF NOT EXISTS role_holder (
  kind SMALLINT NOT NULL,
  id   {{key}} NOT NULL,
  name {{key}} NOT NULL,
  PRIMARY KEY (kind, id, name)
) {{clustered}};
