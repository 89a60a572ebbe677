CREATE INDEX systemtag_file_tag ON systemtag_file (tag, node);
