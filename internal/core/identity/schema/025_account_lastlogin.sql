CREATE INDEX account_lastlogin ON account (lastlogin);
