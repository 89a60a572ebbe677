CREATE INDEX IF NOT EXISTS linkread_at ON linkread (at);
