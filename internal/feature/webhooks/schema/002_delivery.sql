CREATE TABLE IF NOT EXISTS webhook_delivery (
  id      {{id}} NOT NULL PRIMARY KEY,
  hook    {{id}} NOT NULL,
  host    {{key}} NOT NULL,
  message {{key}} NOT NULL UNIQUE,
  event   {{key}} NOT NULL,
  body    {{text}} NOT NULL,
  made    {{id}} NOT NULL,
  due     {{id}} NOT NULL,
  tries   INTEGER NOT NULL,
  died    {{id}} NOT NULL,
  err     {{name}} NOT NULL
);
