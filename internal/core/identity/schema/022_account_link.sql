CREATE TABLE IF NOT EXISTS account_link (
  source  {{key}} NOT NULL,
  subject {{key}} NOT NULL,
  uid     {{key}} NOT NULL,
  created {{id}} NOT NULL,
  PRIMARY KEY (source, subject)
) {{clustered}};
