CREATE TABLE IF NOT EXISTS text_body (
  content {{id}} NOT NULL PRIMARY KEY,
  state   SMALLINT NOT NULL,
  tries   SMALLINT NOT NULL,
  body    {{blob}} NOT NULL
);
