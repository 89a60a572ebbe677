CREATE TABLE IF NOT EXISTS dirty (
  id     {{id}} NOT NULL PRIMARY KEY,
  space  {{id}} NOT NULL,
  parent {{id}} NOT NULL,
  delta  {{id}} NOT NULL,
  mtime  {{id}} NOT NULL
);
