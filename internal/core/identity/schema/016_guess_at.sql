CREATE INDEX guess_at ON guess (at);
