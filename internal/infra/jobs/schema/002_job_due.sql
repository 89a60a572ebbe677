CREATE INDEX job_due ON job (kind, due, id);
