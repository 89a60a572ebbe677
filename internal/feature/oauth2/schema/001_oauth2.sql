CREATE TABLE IF NOT EXISTS oauth2_client (
  id       {{id}} NOT NULL PRIMARY KEY,
  name     {{name}} NOT NULL,
  ident    {{key}} NOT NULL UNIQUE,
  secret   {{bytes 32}} NOT NULL,
  audience {{key}} NOT NULL,
  settings {{text}} NOT NULL,
  created  {{id}} NOT NULL
);
CREATE TABLE IF NOT EXISTS oauth2_grant (
  id       {{id}} NOT NULL PRIMARY KEY,
  client   {{id}} NOT NULL,
  uid      {{key}} NOT NULL,
  token    {{id}} NOT NULL,
  agreed   {{text}} NOT NULL,
  expires  {{id}} NOT NULL
);
CREATE INDEX oauth2_grant_client ON oauth2_grant (client, uid);
CREATE INDEX oauth2_grant_token ON oauth2_grant (token);
CREATE INDEX oauth2_grant_uid ON oauth2_grant (uid);
CREATE INDEX oauth2_grant_expires ON oauth2_grant (expires);
CREATE TABLE IF NOT EXISTS oauth2_code (
  hash     {{bytes 32}} NOT NULL PRIMARY KEY,
  client   {{id}} NOT NULL,
  uid      {{key}} NOT NULL,
  given    {{id}} NOT NULL,
  agreed   {{text}} NOT NULL,
  expires  {{id}} NOT NULL
);
CREATE INDEX oauth2_code_expires ON oauth2_code (expires);
CREATE TABLE IF NOT EXISTS oauth2_refresh (
  hash     {{bytes 32}} NOT NULL PRIMARY KEY,
  given    {{id}} NOT NULL,
  used     {{id}} NOT NULL,
  sealed   {{text}} NOT NULL,
  expires  {{id}} NOT NULL
);
CREATE INDEX oauth2_refresh_given ON oauth2_refresh (given);
CREATE INDEX oauth2_refresh_expires ON oauth2_refresh (expires);
CREATE TABLE IF NOT EXISTS oauth2_device (
  hash     {{bytes 32}} NOT NULL PRIMARY KEY,
  typed    {{bytes 32}} NOT NULL UNIQUE,
  client   {{id}} NOT NULL,
  uid      {{key}} NOT NULL,
  given    {{id}} NOT NULL,
  state    {{id}} NOT NULL,
  polled   {{id}} NOT NULL,
  pace     {{id}} NOT NULL,
  agreed   {{text}} NOT NULL,
  expires  {{id}} NOT NULL
);
CREATE INDEX oauth2_device_expires ON oauth2_device (expires);
CREATE TABLE IF NOT EXISTS oauth2_assertion (
  hash     {{bytes 32}} NOT NULL PRIMARY KEY,
  expires  {{id}} NOT NULL
);
CREATE INDEX oauth2_assertion_expires ON oauth2_assertion (expires);
CREATE TABLE IF NOT EXISTS oauth2_key (
  id       {{id}} NOT NULL PRIMARY KEY,
  sealed   {{text}} NOT NULL,
  created  {{id}} NOT NULL,
  expires  {{id}} NOT NULL
);
