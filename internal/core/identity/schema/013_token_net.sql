ALTER TABLE token ADD COLUMN {{absent}} net {{key}} NOT NULL DEFAULT '';
