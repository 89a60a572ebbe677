CREATE INDEX comment_read_uid ON comment_read (uid);
