CREATE INDEX reminder_due ON reminder (due);
