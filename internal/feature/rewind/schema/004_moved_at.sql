CREATE INDEX moved_at ON moved (at);
