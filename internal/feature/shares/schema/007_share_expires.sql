CREATE INDEX share_expires ON share (expires);
