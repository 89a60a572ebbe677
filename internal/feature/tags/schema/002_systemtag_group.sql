CREATE TABLE IF NOT EXISTS systemtag_group (
  tag {{id}} NOT NULL,
  gid {{key}} NOT NULL,
  PRIMARY KEY (tag, gid)
) {{clustered}};
