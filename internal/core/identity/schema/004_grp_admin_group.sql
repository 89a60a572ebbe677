INSERT INTO grp (gid, display, words, created) VALUES ('admin', 'admin', 'admin', 0) {{on gid ignore}};
