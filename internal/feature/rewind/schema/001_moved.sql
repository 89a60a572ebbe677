CREATE TABLE IF NOT EXISTS moved (
  node   {{id}} NOT NULL,
  at     {{id}} NOT NULL,
  space  {{id}} NOT NULL,
  folder {{id}} NOT NULL,
  name   {{name}} NOT NULL,
  target {{id}} NOT NULL,
  PRIMARY KEY (node, at)
) {{clustered}};
