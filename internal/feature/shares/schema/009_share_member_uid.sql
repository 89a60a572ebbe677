CREATE INDEX share_member_uid ON share_member (uid);
