CREATE TABLE IF NOT EXISTS signin_flow (
  id      {{id}} NOT NULL PRIMARY KEY,
  poll    {{bytes 32}} NOT NULL UNIQUE,
  door    {{bytes 32}} NOT NULL UNIQUE,
  name    {{name}} NOT NULL,
  created {{id}} NOT NULL,
  uid     {{key}} NOT NULL,
  login   {{key}} NOT NULL,
  sealed  {{text}} NOT NULL
);
