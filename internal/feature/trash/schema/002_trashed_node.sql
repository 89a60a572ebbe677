CREATE INDEX trashed_node ON trashed (node);
