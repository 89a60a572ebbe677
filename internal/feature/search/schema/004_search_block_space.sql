CREATE INDEX search_block_space ON search_block (space, newest);
