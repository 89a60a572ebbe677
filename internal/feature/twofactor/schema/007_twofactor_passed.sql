CREATE TABLE IF NOT EXISTS twofactor_passed (
  token {{id}} NOT NULL PRIMARY KEY,
  uid   {{key}} NOT NULL
);
