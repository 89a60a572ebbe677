CREATE INDEX webhook_delivery_hook ON webhook_delivery (hook);
