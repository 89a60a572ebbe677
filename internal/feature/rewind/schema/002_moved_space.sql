CREATE INDEX moved_space ON moved (space, at);
