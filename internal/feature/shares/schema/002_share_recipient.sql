CREATE INDEX share_recipient ON share (kind, recipient);
