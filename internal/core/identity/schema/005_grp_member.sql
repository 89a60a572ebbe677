CREATE TABLE IF NOT EXISTS grp_member (
  gid  {{key}} NOT NULL,
  uid  {{key}} NOT NULL,
  role SMALLINT NOT NULL,
  PRIMARY KEY (gid, uid, role)
) {{clustered}};
