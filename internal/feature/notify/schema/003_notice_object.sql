CREATE INDEX notice_object ON notice (object, kind, app);
