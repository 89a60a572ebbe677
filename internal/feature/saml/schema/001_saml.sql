CREATE TABLE IF NOT EXISTS saml_config (
  id       {{id}} NOT NULL PRIMARY KEY,
  settings {{text}} NOT NULL
);
CREATE TABLE IF NOT EXISTS saml_session (
  token    {{id}} NOT NULL PRIMARY KEY,
  provider {{id}} NOT NULL,
  subject  {{bytes 32}} NOT NULL,
  sid      {{bytes 32}} NOT NULL,
  uid      {{key}} NOT NULL,
  sealed   {{text}} NOT NULL,
  created  {{id}} NOT NULL
);
CREATE INDEX saml_session_subject ON saml_session (provider, subject);
CREATE INDEX saml_session_created ON saml_session (created);
CREATE TABLE IF NOT EXISTS saml_used (
  assertion {{bytes 32}} NOT NULL PRIMARY KEY,
  until     {{id}} NOT NULL
);
CREATE INDEX saml_used_until ON saml_used (until);
