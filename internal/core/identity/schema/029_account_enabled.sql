CREATE INDEX account_enabled ON account (enabled, low);
