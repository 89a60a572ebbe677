CREATE INDEX activity_node ON activity (node, id);
