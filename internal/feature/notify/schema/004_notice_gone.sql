CREATE TABLE IF NOT EXISTS notice_gone (
  uid    {{key}} NOT NULL,
  notice {{id}} NOT NULL,
  PRIMARY KEY (uid, notice)
) {{clustered}};
