ALTER TABLE token ADD COLUMN {{absent}} lapse {{id}} NOT NULL DEFAULT 0;
