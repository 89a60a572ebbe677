CREATE INDEX handover_node ON handover (owner, node);
