CREATE INDEX account_mail ON account (maillow);
