CREATE TABLE IF NOT EXISTS guess (
  account {{key}} NOT NULL,
  net     {{key}} NOT NULL,
  node    {{key}} NOT NULL,
  n       {{id}} NOT NULL,
  at      {{id}} NOT NULL,
  PRIMARY KEY (account, net, node)
);
