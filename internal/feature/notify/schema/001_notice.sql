CREATE TABLE IF NOT EXISTS notice (
  id       {{id}} NOT NULL PRIMARY KEY,
  audience {{key}} NOT NULL,
  app      {{key}} NOT NULL,
  kind     {{key}} NOT NULL,
  object   {{key}} NOT NULL,
  at       {{id}} NOT NULL,
  body     {{text}} NOT NULL
);
