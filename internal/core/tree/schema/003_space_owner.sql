CREATE UNIQUE INDEX space_owner ON space (kind, owner);
