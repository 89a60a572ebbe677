CREATE INDEX account_changed ON account (changed);
