CREATE INDEX text_doc_due ON text_doc (due, node);
