CREATE INDEX webhook_delivery_due ON webhook_delivery (host, died, due);
