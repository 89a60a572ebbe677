CREATE INDEX filelock_uid ON filelock (uid);
