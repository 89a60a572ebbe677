CREATE INDEX version_owner ON version (owner, made);
