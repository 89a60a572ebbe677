CREATE INDEX davlock_space ON davlock (space);
