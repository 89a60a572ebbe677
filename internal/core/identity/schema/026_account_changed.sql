ALTER TABLE account ADD COLUMN {{absent}} changed {{id}} NOT NULL DEFAULT 0;
