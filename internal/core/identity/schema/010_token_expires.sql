ALTER TABLE token ADD COLUMN {{absent}} expires {{id}} NOT NULL DEFAULT 0;
