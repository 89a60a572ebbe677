CREATE INDEX text_doc_content ON text_doc (content);
