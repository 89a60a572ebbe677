CREATE TABLE IF NOT EXISTS version_label (
  node    {{id}} NOT NULL,
  content {{id}} NOT NULL,
  label   {{text}} NOT NULL,
  PRIMARY KEY (node, content)
) {{clustered}};
