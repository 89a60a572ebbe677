CREATE INDEX dirty_space ON dirty (space);
