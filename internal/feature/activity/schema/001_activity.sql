CREATE TABLE IF NOT EXISTS activity (
  id     {{id}} NOT NULL PRIMARY KEY,
  at     {{id}} NOT NULL,
  kind   SMALLINT NOT NULL,
  actor  {{key}} NOT NULL,
  node   {{id}} NOT NULL,
  path   {{text}} NOT NULL,
  more   {{text}} NOT NULL
);
