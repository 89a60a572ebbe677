CREATE TABLE IF NOT EXISTS activity_for (
  audience {{key}} NOT NULL,
  own      SMALLINT NOT NULL,
  family   SMALLINT NOT NULL,
  id       {{id}} NOT NULL,
  depth    SMALLINT NOT NULL,
  PRIMARY KEY (audience, own, family, id)
) {{clustered}};
