CREATE TABLE IF NOT EXISTS systemtag (
  id         {{id}} NOT NULL PRIMARY KEY,
  name       {{text}} NOT NULL,
  low        {{name}} NOT NULL,
  visible    SMALLINT NOT NULL,
  assignable SMALLINT NOT NULL,
  color      {{key}} NOT NULL,
  etag       {{id}} NOT NULL,
  UNIQUE (low, visible, assignable)
);
