CREATE INDEX notice_audience ON notice (audience, at);
