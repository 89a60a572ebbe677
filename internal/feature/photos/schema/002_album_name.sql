CREATE UNIQUE INDEX album_name ON album (uid, name);
