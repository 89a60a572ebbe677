package tree

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// joinMax is how many levels one statement resolves; deeper paths take another.
const joinMax = 12

// Resolve finds the node at a path below a root. A folder comes settled. A path
// that leads nowhere, or through a file, is fault.NotFound.
func (t *Tree) Resolve(ctx context.Context, root int64, path []string) (Node, error) {
	return t.ResolveIn(ctx, root, root, path)
}

// ResolveIn is Resolve for a path below any node of a space.
func (t *Tree) ResolveIn(ctx context.Context, space, from int64, path []string) (Node, error) {
	for range settleTries {
		n, dirty, err := t.lookup(ctx, t.db, space, from, path)
		if err != nil {
			return Node{}, err
		}
		if !dirty || !n.IsDir() {
			return n, nil
		}
		if err := t.Settle(ctx, space); err != nil {
			return Node{}, err
		}
	}
	// Writers are faster than we are: the etag may lag, and this one does.
	n, _, err := t.lookup(ctx, t.db, space, from, path)
	return n, err
}

// settleTries is how often a reader runs after a space that is being written.
const settleTries = 2

// Find is Resolve without settling, for use in a transaction.
func (t *Tree) Find(ctx context.Context, d *db.DB, root int64, path []string) (Node, error) {
	n, _, err := t.lookup(ctx, d, root, root, path)
	return n, err
}

func (t *Tree) lookup(ctx context.Context, d *db.DB, space, from int64, path []string) (Node, bool, error) {
	for len(path) > joinMax {
		n, _, err := t.probe(ctx, d, space, from, path[:joinMax])
		if err != nil {
			return Node{}, false, err
		}
		from, path = n.ID, path[joinMax:]
	}
	return t.probe(ctx, d, space, from, path)
}

// probe resolves up to joinMax names in one statement of primary-key look-ups,
// which also tells whether the space has unsettled writes.
func (t *Tree) probe(ctx context.Context, d *db.DB, space, from int64, path []string) (Node, bool, error) {
	args := make([]any, 0, len(path)+2)
	args = append(args, space)
	if len(path) == 0 {
		args = append(args, from)
	} else {
		for _, name := range path[1:] {
			args = append(args, name)
		}
		args = append(args, from, path[0])
	}
	dirty := 0
	n, err := db.One(ctx, d, func(r db.Row) (Node, error) { return scanNode(withExtra{r, &dirty}) }, probes[len(path)], args...)
	if err != nil {
		return Node{}, false, fmt.Errorf("%q: %w", strings.Join(path, "/"), err)
	}
	return n, dirty == 1, nil
}

// withExtra scans one more column behind a node's.
type withExtra struct {
	db.Row
	extra *int
}

func (w withExtra) Scan(dest ...any) error { return w.Row.Scan(append(dest, w.extra)...) }

// probes are the statements of probe by number of names.
var probes = probeStatements()

func probeStatements() (out [joinMax + 1]string) {
	for depth := range out {
		var b strings.Builder
		last := fmt.Sprintf("n%d", max(depth, 1))
		b.WriteString("SELECT " + columnsOf(last) + ", COALESCE((SELECT 1 FROM dirty WHERE space = ? LIMIT 1), 0) FROM node n1")
		for i := 2; i <= depth; i++ {
			fmt.Fprintf(&b, " JOIN node n%d ON n%d.parent = n%d.id AND n%d.name = ?", i, i, i-1, i)
		}
		if depth == 0 {
			b.WriteString(" WHERE n1.id = ?")
		} else {
			b.WriteString(" WHERE n1.parent = ? AND n1.name = ?")
		}
		out[depth] = b.String()
	}
	return out
}

// Children yields a folder's entries by name. It does not settle: who lists has
// resolved the folder, which did.
func (t *Tree) Children(ctx context.Context, folder int64) iter.Seq2[Node, error] {
	return db.All(ctx, t.db, scanNode, "SELECT "+nodeColumns+" FROM node WHERE parent = ? ORDER BY name", folder)
}

// First lists the first n entries of a folder by name, without settling.
func (t *Tree) First(ctx context.Context, folder int64, n int) ([]Node, error) {
	return db.List(ctx, t.db, scanNode, "SELECT "+nodeColumns+" FROM node WHERE parent = ? ORDER BY name LIMIT ?", folder, n)
}

// Named reads those of a folder's entries that bear one of the names, without
// settling.
func (t *Tree) Named(ctx context.Context, d *db.DB, folder int64, names []string) (map[string]Node, error) {
	out := map[string]Node{}
	for batch := range slices.Chunk(names, 500) {
		for n, err := range db.All(ctx, d, scanNode, "SELECT "+nodeColumns+" FROM node WHERE parent = ? AND name IN (?)", folder, batch) {
			if err != nil {
				return nil, err
			}
			out[n.Name] = n
		}
	}
	return out, nil
}

// NamedIn reads those entries of some folders that bear one of the names, without
// settling.
func (t *Tree) NamedIn(ctx context.Context, d *db.DB, folders []int64, names []string) ([]Node, error) {
	return db.List(ctx, d, scanNode, "SELECT "+nodeColumns+" FROM node WHERE parent IN (?) AND name IN (?)", folders, names)
}

// Below yields the entries of many folders, by parent and name; Parent tells
// them apart.
func (t *Tree) Below(ctx context.Context, d *db.DB, folders []int64) iter.Seq2[Node, error] {
	if len(folders) == 0 {
		return func(func(Node, error) bool) {}
	}
	return db.All(ctx, d, scanNode, "SELECT "+nodeColumns+" FROM node WHERE parent IN (?) ORDER BY parent, name", folders)
}

// Up returns for each id the nodes from the root of its space down to itself.
// Ids of nodes that are gone are left out.
func (t *Tree) Up(ctx context.Context, ids ...int64) (map[int64][]Node, error) {
	return t.UpIn(ctx, t.db, ids...)
}

// UpIn is Up within a transaction.
func (t *Tree) UpIn(ctx context.Context, d *db.DB, ids ...int64) (map[int64][]Node, error) {
	out := make(map[int64][]Node, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	type step struct {
		leaf int64
		Node
	}
	scan := func(r db.Row) (s step, err error) {
		s.Node, err = scanNode(withLeaf{r, &s.leaf})
		return s, err
	}
	q := `WITH RECURSIVE up (leaf, id, parent, depth) AS (
		SELECT id, id, parent, 0 FROM node WHERE id IN (?)
		UNION ALL SELECT up.leaf, n.id, n.parent, up.depth + 1 FROM up JOIN node n ON n.id = up.parent WHERE up.depth < 1000)
		SELECT up.leaf, ` + columnsOf("m") + ` FROM up JOIN node m ON m.id = up.id ORDER BY up.leaf, up.depth DESC`
	for s, err := range db.All(ctx, d, scan, q, ids) {
		if err != nil {
			return nil, err
		}
		out[s.leaf] = append(out[s.leaf], s.Node)
	}
	return out, nil
}

// withLeaf scans one more column before a node's.
type withLeaf struct {
	db.Row
	leaf *int64
}

func (w withLeaf) Scan(dest ...any) error { return w.Row.Scan(append([]any{w.leaf}, dest...)...) }

// Used tells how many bytes a space holds, unsettled writes included.
func (t *Tree) Used(ctx context.Context, d *db.DB, root int64) (int64, error) {
	return db.One(ctx, d, db.Scan1[int64],
		"SELECT size + COALESCE((SELECT SUM(delta) FROM dirty WHERE space = ?), 0) FROM node WHERE id = ?", root, root)
}

// RootOf is the root above a node: the node whose parent is 0.
func RootOf(chain []Node) (Node, error) {
	if len(chain) == 0 || chain[0].Parent != 0 {
		return Node{}, fmt.Errorf("a node without a root: %w", fault.NotFound)
	}
	return chain[0], nil
}
