CREATE INDEX twofactor_key_uid ON twofactor_key (uid);
