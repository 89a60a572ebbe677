package tree

import (
	"context"
	"slices"
	"time"

	"atrium/internal/infra/db"
)

// ask is how many ids one statement asks about.
const ask = 500

// Some reads those of the nodes that exist, without settling.
func (t *Tree) Some(ctx context.Context, d *db.DB, ids []int64) (map[int64]Node, error) {
	out := make(map[int64]Node, len(ids))
	for batch := range slices.Chunk(ids, ask) {
		for n, err := range db.All(ctx, d, scanNode, "SELECT "+nodeColumns+" FROM node WHERE id IN (?)", batch) {
			if err != nil {
				return nil, err
			}
			out[n.ID] = n
		}
	}
	return out, nil
}

// Homes tells whose homes roots are. Roots of other spaces are left out.
func (t *Tree) Homes(ctx context.Context, d *db.DB, roots []int64) (map[int64]string, error) {
	out := make(map[int64]string, len(roots))
	for batch := range slices.Chunk(roots, ask) {
		for s, err := range db.All(ctx, d, scanSpace, "SELECT root, kind, owner, quota FROM space WHERE root IN (?) AND kind = ?", batch, Home) {
			if err != nil {
				return nil, err
			}
			out[s.Root] = s.Owner
		}
	}
	return out, nil
}

// Holding is what an owner's space holds and may hold.
type Holding struct {
	Used  int64 // bytes, unsettled writes included
	Quota int64 // bytes, or NoQuota
}

// Held tells what the spaces of a kind hold, by owner: those of some owners, or all.
func (t *Tree) Held(ctx context.Context, d *db.DB, kind SpaceKind, owners ...string) (map[string]Holding, error) {
	type row struct {
		owner string
		Holding
	}
	query, args := `SELECT s.owner, n.size + COALESCE((SELECT SUM(delta) FROM dirty WHERE space = s.root), 0), s.quota
		FROM space s JOIN node n ON n.id = s.root WHERE s.kind = ?`, []any{kind}
	if len(owners) > 0 {
		query, args = query+" AND s.owner IN (?)", append(args, owners)
	}
	out := map[string]Holding{}
	for r, err := range db.All(ctx, d, func(r db.Row) (v row, err error) { return v, r.Scan(&v.owner, &v.Used, &v.Quota) }, query, args...) {
		if err != nil {
			return nil, err
		}
		out[r.owner] = r.Holding
	}
	return out, nil
}

// Nobody is the writer of what somebody without an account wrote.
const Nobody = "/"

// ForgetWriter takes a name from the contents that they wrote in others' spaces. It
// looks through all nodes, so it is work for later.
func (t *Tree) ForgetWriter(ctx context.Context, writer string) error {
	for {
		ids, err := db.List(ctx, t.db, db.Scan1[int64], "SELECT id FROM node WHERE writer = ? LIMIT ?", writer, ask)
		if err != nil || len(ids) == 0 || writer == "" || writer == Nobody {
			return err
		}
		if _, err := t.db.Exec(ctx, "UPDATE node SET writer = ? WHERE id IN (?)", Nobody, ids); err != nil {
			return err
		}
	}
}

// Filled tells which of the folders hold something.
func (t *Tree) Filled(ctx context.Context, d *db.DB, folders []int64) (map[int64]bool, error) {
	out := make(map[int64]bool, len(folders))
	for batch := range slices.Chunk(folders, ask) {
		for id, err := range db.All(ctx, d, db.Scan1[int64], "SELECT DISTINCT parent FROM node WHERE parent IN (?)", batch) {
			if err != nil {
				return nil, err
			}
			out[id] = true
		}
	}
	return out, nil
}

// Backdate gives a folder the time that it had, without making it or the folders
// above look changed.
func (t *Tree) Backdate(ctx context.Context, folder int64, mtime time.Time) error {
	_, err := t.db.Exec(ctx, "UPDATE node SET mtime = ? WHERE id = ? AND kind = ?", mtime.UnixNano(), folder, Folder)
	return err
}
