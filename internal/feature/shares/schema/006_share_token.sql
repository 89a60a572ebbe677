CREATE UNIQUE INDEX share_token ON share (token);
