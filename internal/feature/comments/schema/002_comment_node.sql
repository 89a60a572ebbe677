CREATE INDEX comment_node ON comment (node, made);
