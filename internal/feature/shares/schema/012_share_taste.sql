CREATE TABLE IF NOT EXISTS share_taste (
  uid    {{key}} NOT NULL PRIMARY KEY,
  ask    SMALLINT NOT NULL,
  folder {{id}} NOT NULL
) {{clustered}};
