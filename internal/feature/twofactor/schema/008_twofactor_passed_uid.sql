CREATE INDEX twofactor_passed_uid ON twofactor_passed (uid);
