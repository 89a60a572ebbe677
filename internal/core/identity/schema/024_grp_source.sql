ALTER TABLE grp ADD COLUMN {{absent}} source {{key}} NOT NULL DEFAULT '';
