CREATE TABLE IF NOT EXISTS scim_group (
  id       {{key}} NOT NULL PRIMARY KEY,
  gid      {{key}} NOT NULL UNIQUE,
  name     {{key}} NOT NULL UNIQUE,
  display  {{name}} NOT NULL,
  external {{key}} NOT NULL,
  turn     {{id}} NOT NULL,
  made     {{id}} NOT NULL,
  changed  {{id}} NOT NULL
);
