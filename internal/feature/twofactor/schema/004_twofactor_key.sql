CREATE TABLE IF NOT EXISTS twofactor_key (
  id      {{id}} NOT NULL PRIMARY KEY,
  cred    {{bytes 32}} NOT NULL UNIQUE,
  uid     {{key}} NOT NULL,
  name    {{name}} NOT NULL,
  sealed  {{text}} NOT NULL,
  counter {{id}} NOT NULL,
  passkey SMALLINT NOT NULL,
  be      SMALLINT NOT NULL,
  bs      SMALLINT NOT NULL,
  cloned  SMALLINT NOT NULL,
  created {{id}} NOT NULL,
  used    {{id}} NOT NULL
);
