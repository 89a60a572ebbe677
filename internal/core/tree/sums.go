package tree

import (
	"context"
	"iter"

	"atrium/internal/infra/db"
)

// Sum is what a file below a folder holds.
type Sum struct {
	ID, Size int64
	SHA1     [20]byte
}

// Sums yields what the files below a folder hold, in no order, but for those whose
// SHA-1 is not known. It is one statement that walks all folders: 1 to 3 µs a node
// in SQLite.
func (t *Tree) Sums(ctx context.Context, folder int64) iter.Seq2[Sum, error] {
	scan := func(r db.Row) (s Sum, err error) {
		var raw []byte
		err = r.Scan(&s.ID, &s.Size, &raw)
		copy(s.SHA1[:], raw)
		return s, err
	}
	return db.All(ctx, t.db, scan, `WITH RECURSIVE below (id) AS (
		SELECT id FROM node WHERE id = ?
		UNION ALL SELECT f.id FROM below JOIN node f ON f.parent = below.id WHERE f.kind = ?)
		SELECT n.id, n.size, n.sha1 FROM below JOIN node n ON n.parent = below.id WHERE n.kind = ? AND n.sha1 IS NOT NULL`, folder, Folder, File)
}
