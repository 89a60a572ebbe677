CREATE INDEX account_field_item ON account_field (name, item);
