CREATE TABLE IF NOT EXISTS notice_pref (
  uid    {{key}} NOT NULL PRIMARY KEY,
  batch  {{id}} NOT NULL,
  sound  SMALLINT NOT NULL,
  talk   SMALLINT NOT NULL,
  mailed {{id}} NOT NULL,
  due    {{id}} NOT NULL
) {{clustered}};
