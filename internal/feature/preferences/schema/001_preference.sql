CREATE TABLE IF NOT EXISTS preference (
  uid   {{key}} NOT NULL,
  app   {{key}} NOT NULL,
  name  {{key}} NOT NULL,
  value {{key}} NOT NULL,
  PRIMARY KEY (uid, app, name)
) {{clustered}};
