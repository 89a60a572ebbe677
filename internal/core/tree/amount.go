package tree

import (
	"context"

	"atrium/internal/infra/db"
)

// Amount is how many files there are of a sort, and how much they hold.
type Amount struct{ Files, Bytes int64 }

// Amounts tells what lies below a folder by media type. It costs one statement that
// walks all folders below, as Search does.
func (t *Tree) Amounts(ctx context.Context, folder int64) (map[string]Amount, error) {
	types, err := t.Types(ctx)
	if err != nil {
		return nil, err
	}
	type row struct {
		mime int32
		Amount
	}
	out := map[string]Amount{}
	for v, err := range db.All(ctx, t.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.mime, &v.Files, &v.Bytes) },
		`WITH RECURSIVE below (id) AS (
		SELECT id FROM node WHERE id = ?
		UNION ALL SELECT f.id FROM below JOIN node f ON f.parent = below.id WHERE f.kind = ?)
		SELECT n.mime, COUNT(*), SUM(n.size) FROM below JOIN node n ON n.parent = below.id WHERE n.kind = ? GROUP BY n.mime`,
		folder, Folder, File) {
		if err != nil {
			return nil, err
		}
		out[types[v.mime]] = v.Amount
	}
	return out, nil
}

// Kept is how many spaces there are of a kind, and how much they hold as of the
// last Settle.
type Kept struct{ Spaces, Bytes int64 }

// Kept tells of all spaces by their kinds.
func (t *Tree) Kept(ctx context.Context) (map[SpaceKind]Kept, error) {
	type row struct {
		kind SpaceKind
		Kept
	}
	out := map[SpaceKind]Kept{}
	for v, err := range db.All(ctx, t.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.kind, &v.Spaces, &v.Bytes) },
		"SELECT s.kind, COUNT(*), SUM(n.size) FROM space s JOIN node n ON n.id = s.root GROUP BY s.kind") {
		if err != nil {
			return nil, err
		}
		out[v.kind] = v.Kept
	}
	return out, nil
}

// CountFiles counts the files of all spaces. It looks at every node.
func (t *Tree) CountFiles(ctx context.Context) (int64, error) {
	return db.One(ctx, t.db, db.Scan1[int64], "SELECT COUNT(*) FROM node WHERE kind = ?", File)
}
