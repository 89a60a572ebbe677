CREATE INDEX reminder_uid ON reminder (uid);
