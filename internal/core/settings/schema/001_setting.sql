CREATE TABLE IF NOT EXISTS setting (
  app   {{key}} NOT NULL,
  name  {{key}} NOT NULL,
  value {{text}} NOT NULL,
  PRIMARY KEY (app, name)
);
