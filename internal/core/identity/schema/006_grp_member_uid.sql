CREATE INDEX grp_member_uid ON grp_member (uid);
