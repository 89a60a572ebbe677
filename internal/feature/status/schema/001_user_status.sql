CREATE TABLE IF NOT EXISTS user_status (
  uid       {{key}} NOT NULL,
  layer     SMALLINT NOT NULL,
  hand      {{key}} NOT NULL,
  seen      {{id}} NOT NULL,
  live      {{key}} NOT NULL,
  beat      {{id}} NOT NULL,
  messageid {{key}} NOT NULL,
  icon      {{key}} NOT NULL,
  message   {{text}} NOT NULL,
  clearat   {{id}} NOT NULL,
  PRIMARY KEY (uid, layer)
) {{clustered}};
