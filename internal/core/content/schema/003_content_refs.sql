CREATE INDEX content_refs ON content (refs);
