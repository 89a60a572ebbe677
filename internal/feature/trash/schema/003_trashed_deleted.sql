CREATE INDEX trashed_deleted ON trashed (deleted);
