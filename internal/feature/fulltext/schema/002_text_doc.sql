CREATE TABLE IF NOT EXISTS text_doc (
  node    {{id}} NOT NULL PRIMARY KEY,
  space   {{id}} NOT NULL,
  content {{id}} NOT NULL,
  due     SMALLINT NOT NULL
);
