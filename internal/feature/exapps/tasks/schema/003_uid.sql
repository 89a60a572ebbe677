CREATE INDEX exapps_task_uid ON exapps_task (uid, id);
