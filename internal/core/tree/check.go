package tree

import (
	"context"
	"fmt"
	"iter"

	"atrium/internal/infra/db"
)

// Check looks for nodes without a parent, below files or without a space, and
// for folders whose size is not the sum of what they hold (unsettled writes
// counted). It only reads, each rule in one statement and so at one instant.
func (t *Tree) Check(ctx context.Context, report func(finding string)) error {
	for _, rule := range []struct{ text, q string }{
		{"node %d lies in a folder that does not exist",
			"SELECT n.id FROM node n LEFT JOIN node p ON p.id = n.parent WHERE n.parent <> 0 AND p.id IS NULL"},
		{"node %d lies below a file",
			"SELECT n.id FROM node n JOIN node p ON p.id = n.parent WHERE p.kind <> 2"},
		{"root %d belongs to no space",
			"SELECT n.id FROM node n LEFT JOIN space s ON s.root = n.id WHERE n.parent = 0 AND s.root IS NULL"},
		{"space %d has no root",
			"SELECT s.root FROM space s LEFT JOIN node n ON n.id = s.root AND n.parent = 0 WHERE n.id IS NULL"},
		{"file %d has no content", "SELECT id FROM node WHERE kind = 1 AND content = 0"},
	} {
		for id, err := range db.All(ctx, t.db, db.Scan1[int64], rule.q) {
			if err != nil {
				return err
			}
			report(fmt.Sprintf(rule.text, id))
		}
	}
	return t.checkSizes(ctx, report)
}

func (t *Tree) checkSizes(ctx context.Context, report func(string)) error {
	type wrong struct{ id, size, pending, below int64 }
	scan := func(r db.Row) (w wrong, err error) { return w, r.Scan(&w.id, &w.size, &w.pending, &w.below) }
	found, err := db.List(ctx, t.db, scan, `SELECT f.id, f.size, COALESCE(d.delta, 0), COALESCE(c.total, 0) FROM node f
		LEFT JOIN (SELECT parent, SUM(size) AS total FROM node GROUP BY parent) c ON c.parent = f.id
		LEFT JOIN (SELECT parent, SUM(delta) AS delta FROM dirty GROUP BY parent) d ON d.parent = f.id
		WHERE f.kind = 2 AND f.size + COALESCE(d.delta, 0) <> COALESCE(c.total, 0)`)
	if err != nil || len(found) == 0 {
		return err
	}
	ids := make([]int64, len(found))
	for i, w := range found {
		ids[i] = w.id
	}
	chains, err := t.Up(ctx, ids...)
	if err != nil {
		return err
	}
	doomed, err := t.SpaceOf(ctx, t.db, Doomed, "")
	for _, w := range found {
		// The purge takes nodes away without keeping the books; it may have taken
		// this one meanwhile.
		if chain := chains[w.id]; len(chain) == 0 || err == nil && chain[0].ID == doomed.Root {
			continue
		}
		report(fmt.Sprintf("folder %d has %d bytes and %d unsettled, but holds %d", w.id, w.size, w.pending, w.below))
	}
	return nil
}

// Contents yields the content of every file, as often as files refer to it.
func (t *Tree) Contents(ctx context.Context) iter.Seq2[int64, error] {
	return db.All(ctx, t.db, db.Scan1[int64], "SELECT content FROM node WHERE content <> 0")
}
