CREATE TABLE IF NOT EXISTS share_member (
  share {{id}} NOT NULL,
  uid   {{key}} NOT NULL,
  state SMALLINT NOT NULL,
  PRIMARY KEY (share, uid)
) {{clustered}};
