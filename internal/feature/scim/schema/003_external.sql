CREATE INDEX scim_user_external ON scim_user (external);
