CREATE TABLE IF NOT EXISTS webhook (
  id         {{id}} NOT NULL PRIMARY KEY,
  app        {{key}} NOT NULL,
  uid        {{key}} NOT NULL,
  method     {{key}} NOT NULL,
  uri        {{text}} NOT NULL,
  event      {{key}} NOT NULL,
  filter     {{text}} NOT NULL,
  userfilter {{key}} NOT NULL,
  headers    {{text}} NOT NULL,
  authmethod {{key}} NOT NULL,
  authdata   {{text}} NOT NULL,
  secret     {{text}} NOT NULL
);
