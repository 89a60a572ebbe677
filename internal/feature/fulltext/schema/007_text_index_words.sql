-- only: postgres
CREATE INDEX text_index_words ON text_index USING GIN (words);
