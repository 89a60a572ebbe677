CREATE TABLE IF NOT EXISTS album_share (
  album     {{id}} NOT NULL,
  kind      SMALLINT NOT NULL,
  recipient {{key}} NOT NULL,
  PRIMARY KEY (album, kind, recipient)
) {{clustered}};
