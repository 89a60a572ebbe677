CREATE TABLE IF NOT EXISTS user_absence (
  uid         {{key}} NOT NULL PRIMARY KEY,
  id          {{id}} NOT NULL,
  firstday    {{key}} NOT NULL,
  lastday     {{key}} NOT NULL,
  short       {{text}} NOT NULL,
  message     {{text}} NOT NULL,
  replacement {{key}} NOT NULL,
  hidden      SMALLINT NOT NULL
);
