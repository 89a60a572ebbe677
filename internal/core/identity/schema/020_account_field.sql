CREATE TABLE IF NOT EXISTS account_field (
  uid      {{key}} NOT NULL,
  name     {{key}} NOT NULL,
  seq      SMALLINT NOT NULL,
  item     {{key}} NOT NULL,
  value    {{text}} NOT NULL,
  scope    {{key}} NOT NULL,
  verified SMALLINT NOT NULL,
  PRIMARY KEY (uid, name, seq)
) {{clustered}};
