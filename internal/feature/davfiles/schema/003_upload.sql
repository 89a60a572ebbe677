CREATE TABLE IF NOT EXISTS upload (
  id      {{id}} NOT NULL PRIMARY KEY,
  uid     {{key}} NOT NULL,
  name    {{key}} NOT NULL,
  touched {{id}} NOT NULL,
  result  {{text}} NOT NULL,
  UNIQUE (uid, name)
);
