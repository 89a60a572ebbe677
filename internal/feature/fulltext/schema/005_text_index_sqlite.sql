-- only: sqlite
CREATE VIRTUAL TABLE IF NOT EXISTS text_index USING fts5(words, content='', contentless_delete=1, detail=none, tokenize="unicode61 remove_diacritics 0");
