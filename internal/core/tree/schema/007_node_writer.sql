ALTER TABLE node ADD COLUMN {{absent}} writer {{key}} NOT NULL DEFAULT '';
