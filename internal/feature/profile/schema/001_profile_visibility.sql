CREATE TABLE IF NOT EXISTS profile_visibility (
  uid        {{key}} NOT NULL,
  param      {{key}} NOT NULL,
  visibility {{key}} NOT NULL,
  PRIMARY KEY (uid, param)
) {{clustered}};
