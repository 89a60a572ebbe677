CREATE TABLE IF NOT EXISTS activity_root (
  node     {{id}} NOT NULL,
  audience {{key}} NOT NULL,
  share    {{id}} NOT NULL,
  since    {{id}} NOT NULL,
  PRIMARY KEY (node, audience, share)
) {{clustered}};
