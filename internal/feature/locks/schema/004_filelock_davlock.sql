INSERT INTO filelock (token, space, node, deep, shared, kind, app, owner, uid, display, agent, created, expires)
SELECT d.token, d.space, d.node, d.deep, d.shared, 2, '', d.owner, d.uid, d.display, '', d.created, d.expires
FROM davlock d WHERE NOT EXISTS (SELECT 1 FROM filelock f WHERE f.token = d.token);
