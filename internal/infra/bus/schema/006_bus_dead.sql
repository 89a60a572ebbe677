CREATE TABLE IF NOT EXISTS bus_dead (
  subscriber {{key}} NOT NULL,
  id         {{id}} NOT NULL,
  died       {{id}} NOT NULL,
  name       {{key}} NOT NULL,
  body       {{text}} NOT NULL,
  error      {{text}} NOT NULL,
  PRIMARY KEY (subscriber, id)
) {{clustered}};
