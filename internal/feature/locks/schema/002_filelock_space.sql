CREATE INDEX filelock_space ON filelock (space);
