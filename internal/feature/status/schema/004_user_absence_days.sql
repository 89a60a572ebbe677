CREATE INDEX user_absence_days ON user_absence (lastday);
