CREATE TABLE IF NOT EXISTS systemtag_used (
  uid  {{key}} NOT NULL,
  tag  {{id}} NOT NULL,
  used {{id}} NOT NULL,
  PRIMARY KEY (uid, tag)
) {{clustered}};
