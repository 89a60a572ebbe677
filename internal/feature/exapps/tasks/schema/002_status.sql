CREATE INDEX exapps_task_status ON exapps_task (status, type, id);
