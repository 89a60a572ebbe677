CREATE INDEX account_link_uid ON account_link (uid);
