CREATE TABLE IF NOT EXISTS album (
  id       {{id}} NOT NULL PRIMARY KEY,
  uid      {{key}} NOT NULL,
  name     {{name}} NOT NULL,
  location {{text}} NOT NULL
);
