CREATE INDEX token_uid ON token (uid);
