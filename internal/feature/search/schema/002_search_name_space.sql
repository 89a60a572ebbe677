CREATE INDEX search_name_space ON search_name (space);
