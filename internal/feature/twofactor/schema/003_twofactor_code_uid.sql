CREATE INDEX twofactor_code_uid ON twofactor_code (uid, kind);
