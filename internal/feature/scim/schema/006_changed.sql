CREATE INDEX scim_group_changed ON scim_group (changed);
