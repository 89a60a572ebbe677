CREATE TABLE IF NOT EXISTS oidc_provider (
  id       {{id}} NOT NULL PRIMARY KEY,
  name     {{key}} NOT NULL UNIQUE,
  settings {{text}} NOT NULL
);
CREATE TABLE IF NOT EXISTS oidc_session (
  token    {{id}} NOT NULL PRIMARY KEY,
  provider {{id}} NOT NULL,
  subject  {{bytes 32}} NOT NULL,
  sid      {{bytes 32}} NOT NULL,
  uid      {{key}} NOT NULL,
  sealed   {{text}} NOT NULL,
  created  {{id}} NOT NULL
);
CREATE INDEX oidc_session_subject ON oidc_session (provider, subject);
CREATE INDEX oidc_session_created ON oidc_session (created);
