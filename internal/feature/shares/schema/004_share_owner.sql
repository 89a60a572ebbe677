CREATE INDEX share_owner ON share (owner);
