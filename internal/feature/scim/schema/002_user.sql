CREATE TABLE IF NOT EXISTS scim_user (
  id       {{key}} NOT NULL PRIMARY KEY,
  uid      {{key}} NOT NULL UNIQUE,
  name     {{key}} NOT NULL UNIQUE,
  external {{key}} NOT NULL,
  doc      {{text}} NOT NULL,
  turn     {{id}} NOT NULL,
  gone     SMALLINT NOT NULL,
  made     {{id}} NOT NULL,
  changed  {{id}} NOT NULL
);
