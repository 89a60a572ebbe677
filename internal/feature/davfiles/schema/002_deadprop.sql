CREATE TABLE IF NOT EXISTS deadprop (
  node  {{id}} NOT NULL,
  name  {{name}} NOT NULL,
  value {{text}} NOT NULL,
  PRIMARY KEY (node, name)
) {{clustered}};
