CREATE INDEX webhook_delivery_died ON webhook_delivery (died, id);
