CREATE TABLE IF NOT EXISTS exapps_event (
  id       {{id}} NOT NULL PRIMARY KEY,
  app      {{key}} NOT NULL,
  uid      {{key}} NOT NULL,
  handler  {{name}} NOT NULL,
  body     {{text}} NOT NULL,
  tries    {{id}} NOT NULL,
  due      {{id}} NOT NULL
) {{clustered}};
