-- only: mysql
CREATE TABLE IF NOT EXISTS text_index (node BIGINT NOT NULL PRIMARY KEY, words LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, FULLTEXT INDEX text_index_words (words)) ENGINE=InnoDB;
