CREATE INDEX account_words ON account (low, words, uid);
