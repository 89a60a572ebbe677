CREATE INDEX exapps_event_due ON exapps_event (app, due, id);
