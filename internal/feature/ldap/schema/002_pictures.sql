CREATE TABLE IF NOT EXISTS ldap_picture (
  config {{key}} NOT NULL PRIMARY KEY,
  since  {{id}} NOT NULL
);
