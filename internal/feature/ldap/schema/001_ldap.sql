CREATE TABLE IF NOT EXISTS ldap_config (
  id       {{key}} NOT NULL PRIMARY KEY,
  settings {{text}} NOT NULL
);
CREATE TABLE IF NOT EXISTS ldap_group (
  subject {{key}} NOT NULL PRIMARY KEY,
  gid     {{key}} NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS ldap_gone (
  uid    {{key}} NOT NULL PRIMARY KEY,
  since  {{id}} NOT NULL,
  locked SMALLINT NOT NULL
);
