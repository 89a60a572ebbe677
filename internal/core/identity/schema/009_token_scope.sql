ALTER TABLE token ADD COLUMN {{absent}} scope {{name}} NOT NULL DEFAULT '';
