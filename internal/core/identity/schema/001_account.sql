CREATE TABLE IF NOT EXISTS account (
  uid        {{key}} NOT NULL PRIMARY KEY,
  low        {{key}} NOT NULL UNIQUE,
  source     {{key}} NOT NULL,
  display    {{name}} NOT NULL,
  mail       {{key}} NOT NULL,
  maillow    {{key}} NOT NULL,
  words      {{name}} NOT NULL,
  pass       {{name}} NOT NULL,
  quota      {{id}} NOT NULL,
  enabled    SMALLINT NOT NULL,
  created    {{id}} NOT NULL,
  firstlogin {{id}} NOT NULL,
  lastlogin  {{id}} NOT NULL,
  language   {{key}} NOT NULL,
  locale     {{key}} NOT NULL,
  timezone   {{key}} NOT NULL
) {{clustered}};
