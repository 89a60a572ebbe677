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
