CREATE INDEX user_status_clear ON user_status (clearat);
