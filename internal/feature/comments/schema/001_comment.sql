CREATE TABLE IF NOT EXISTS comment (
  id      {{id}} NOT NULL PRIMARY KEY,
  node    {{id}} NOT NULL,
  uid     {{key}} NOT NULL,
  made    {{id}} NOT NULL,
  message {{text}} NOT NULL,
  low     {{text}} NOT NULL
);
