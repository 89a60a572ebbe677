CREATE INDEX share_sharer ON share (sharer);
