CREATE INDEX share_node ON share (node);
