CREATE TABLE IF NOT EXISTS oidc_renewal (
  token    {{id}} NOT NULL PRIMARY KEY,
  provider {{id}} NOT NULL,
  uid      {{key}} NOT NULL,
  due      {{id}} NOT NULL,
  sealed   {{text}} NOT NULL
);
CREATE INDEX oidc_renewal_due ON oidc_renewal (due);
CREATE INDEX oidc_renewal_uid ON oidc_renewal (uid);
