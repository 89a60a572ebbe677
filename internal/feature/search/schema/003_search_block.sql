CREATE TABLE IF NOT EXISTS search_block (
  id      {{id}} NOT NULL PRIMARY KEY,
  space   {{id}} NOT NULL,
  oldest  {{id}} NOT NULL,
  newest  {{id}} NOT NULL,
  entries INTEGER NOT NULL,
  checked {{id}} NOT NULL,
  marks   {{blob}} NOT NULL,
  fine    {{blob}} NOT NULL,
  body    {{blob}} NOT NULL
);
