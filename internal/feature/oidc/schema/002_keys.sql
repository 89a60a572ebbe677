CREATE TABLE IF NOT EXISTS oidc_key (
  id       {{id}} NOT NULL PRIMARY KEY,
  sealed   {{text}} NOT NULL,
  created  {{id}} NOT NULL,
  expires  {{id}} NOT NULL
);
