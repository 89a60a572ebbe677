CREATE TABLE IF NOT EXISTS twofactor_totp (
  uid     {{key}} NOT NULL PRIMARY KEY,
  sealed  {{name}} NOT NULL,
  pending {{name}} NOT NULL,
  step    {{id}} NOT NULL,
  created {{id}} NOT NULL
) {{clustered}};
