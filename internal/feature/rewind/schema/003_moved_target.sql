CREATE INDEX moved_target ON moved (target, at);
