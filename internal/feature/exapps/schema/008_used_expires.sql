CREATE INDEX exapps_used_expires ON exapps_used (expires);
