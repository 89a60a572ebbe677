CREATE TABLE IF NOT EXISTS twofactor_guess (
  uid  {{key}} NOT NULL,
  net  {{key}} NOT NULL,
  n    {{id}} NOT NULL,
  at   {{id}} NOT NULL,
  good {{id}} NOT NULL,
  PRIMARY KEY (uid, net)
) {{clustered}};
