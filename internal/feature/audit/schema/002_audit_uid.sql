CREATE INDEX audit_uid ON audit (uid, id);
