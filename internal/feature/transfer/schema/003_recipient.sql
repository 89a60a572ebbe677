CREATE INDEX handover_recipient ON handover (recipient);
