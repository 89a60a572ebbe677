CREATE INDEX share_place_node ON share_place (node);
