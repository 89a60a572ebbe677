CREATE INDEX comment_uid ON comment (uid);
