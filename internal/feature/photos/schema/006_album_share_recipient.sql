CREATE INDEX album_share_recipient ON album_share (kind, recipient);
