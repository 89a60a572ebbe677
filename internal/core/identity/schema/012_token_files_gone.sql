ALTER TABLE token DROP COLUMN {{present}} files;
