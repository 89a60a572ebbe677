CREATE INDEX exapps_user_uid ON exapps_user (uid);
