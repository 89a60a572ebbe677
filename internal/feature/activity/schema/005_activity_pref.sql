CREATE TABLE IF NOT EXISTS activity_pref (
  uid    {{key}} NOT NULL PRIMARY KEY,
  prefs  {{text}} NOT NULL,
  mailed {{id}} NOT NULL,
  due    {{id}} NOT NULL
) {{clustered}};
