CREATE INDEX album_file_node ON album_file (node);
