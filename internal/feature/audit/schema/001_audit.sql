CREATE TABLE IF NOT EXISTS audit (
  id     {{id}} NOT NULL PRIMARY KEY,
  at     {{id}} NOT NULL,
  actor  {{key}} NOT NULL,
  uid    {{key}} NOT NULL,
  what   {{key}} NOT NULL,
  detail {{name}} NOT NULL,
  addr   {{key}} NOT NULL,
  agent  {{name}} NOT NULL,
  seal   {{bytes 32}} NOT NULL
) {{clustered}};
