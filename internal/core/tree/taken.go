package tree

import (
	"context"
	"slices"

	"atrium/internal/infra/db"
)

// When a picture was taken belongs to its content, so that copies have it too and a
// new content has none of the old. Files of which it is not known are as old as
// they say.

// farthest is the last second that nanoseconds can tell, give or take.
const farthest = 9_000_000_000

// SetTaken tells when the picture in a content was taken, in Unix seconds.
func (t *Tree) SetTaken(ctx context.Context, tx *db.DB, content, at int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO taken (content, at) VALUES (?, ?) {{on content set at}}", content, min(max(at, -farthest), farthest))
	return err
}

// ForgetTaken forgets that of contents that are gone.
func (t *Tree) ForgetTaken(ctx context.Context, tx *db.DB, contents []int64) error {
	_, err := tx.Exec(ctx, "DELETE FROM taken WHERE content IN (?)", contents)
	return err
}

// Taken tells when the pictures in some contents were taken, as far as it is known.
func (t *Tree) Taken(ctx context.Context, contents []int64) (map[int64]int64, error) {
	type row struct{ content, at int64 }
	out := map[int64]int64{}
	for batch := range slices.Chunk(contents, ask) {
		for r, err := range db.All(ctx, t.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.content, &v.at) },
			"SELECT content, at FROM taken WHERE content IN (?)", batch) {
			if err != nil {
				return nil, err
			}
			out[r.content] = r.at
		}
	}
	return out, nil
}

// Date fills in when nodes were taken, if a query asks for it.
func (q *Query) Date(ctx context.Context, t *Tree, ns ...*Node) error {
	if !q.dated() || len(ns) == 0 {
		return nil
	}
	contents := make([]int64, len(ns))
	for i, n := range ns {
		contents[i] = n.Content
	}
	at, err := t.Taken(ctx, contents)
	for _, n := range ns {
		n.Taken = at[n.Content]
	}
	return err
}

// date does so for the nodes at the ends of chains.
func (s *search) date(ctx context.Context, t *Tree, chains map[int64][]Node) error {
	var ns []*Node
	for _, chain := range chains {
		if len(chain) > 0 {
			ns = append(ns, &chain[len(chain)-1])
		}
	}
	return s.q.Date(ctx, t, ns...)
}

// dated tells whether a query asks when pictures were taken.
func (q *Query) dated() bool {
	return slices.ContainsFunc(q.Order, func(k Key) bool { return k.Field == ByTaken }) || q.Where.dated()
}

func (p *Pred) dated() bool {
	return p.Field == ByTaken || slices.ContainsFunc(p.Of, func(p Pred) bool { return p.dated() })
}

// takenNano is when a node was taken, or its time, in nanoseconds.
func (n *Node) takenNano() int64 {
	if n.Taken == 0 {
		return n.MTime.UnixNano()
	}
	return n.Taken * 1e9
}

// Typed lists the contents of all files of a media type, each once.
func (t *Tree) Typed(ctx context.Context, mime int32) ([]int64, error) {
	return db.List(ctx, t.db, db.Scan1[int64], "SELECT DISTINCT content FROM node WHERE mime = ? AND kind = ?", mime, File)
}
