CREATE INDEX scim_user_changed ON scim_user (changed);
