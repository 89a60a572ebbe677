CREATE TABLE IF NOT EXISTS handover (
  id        {{id}} NOT NULL PRIMARY KEY,
  owner     {{key}} NOT NULL,
  recipient {{key}} NOT NULL,
  node      {{id}} NOT NULL,
  name      {{name}} NOT NULL,
  taken     {{id}} NOT NULL
);
