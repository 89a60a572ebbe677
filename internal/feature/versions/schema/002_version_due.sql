CREATE INDEX version_due ON version (due);
