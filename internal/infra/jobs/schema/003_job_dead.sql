CREATE TABLE IF NOT EXISTS job_dead (
  id    {{id}} NOT NULL PRIMARY KEY,
  kind  {{key}} NOT NULL,
  died  {{id}} NOT NULL,
  lane  {{key}} NOT NULL,
  body  {{text}} NOT NULL,
  error {{text}} NOT NULL
) {{clustered}};
