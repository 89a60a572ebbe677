// Package reap removes for good what nobody can have back: what lies in the doomed
// space, the spaces of those who are gone, and copies that were given up. It knows
// no users and no views.
package reap

import (
	"context"
	"slices"
	"time"

	"atrium/internal/core/content"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// batch is how many nodes one transaction removes.
const batch = 500

// Reaper removes nodes, and takes the references of their contents back.
type Reaper struct {
	DB      *db.DB
	Tree    *tree.Tree
	Content *content.Store
	Now     func() time.Time
	// Erased is told of nodes that go, in the transaction in which they do.
	Erased func(ctx context.Context, tx *db.DB, nodes []int64) error
}

// Reap removes everything in the doomed space, leaf by leaf, after it has put what
// was left there: spaces of kind tree.Left, and what lies in the staging space for
// longer than a day. It can be stopped and run again at any point.
func (r *Reaper) Reap(ctx context.Context, doomed, staging tree.Space) error {
	if err := r.strand(ctx, doomed, staging); err != nil {
		return err
	}
	if err := r.dropLeft(ctx, doomed); err != nil {
		return err
	}
	return r.below(ctx, doomed.Root)
}

func (r *Reaper) below(ctx context.Context, folder int64) error {
	for {
		some, err := r.Tree.First(ctx, folder, batch)
		if err != nil || len(some) == 0 {
			return err
		}
		for _, n := range some {
			if n.IsDir() {
				if err := r.below(ctx, n.ID); err != nil {
					return err
				}
			}
		}
		if err := r.DB.Tx(ctx, func(tx *db.DB) error { return r.erase(ctx, tx, some) }); err != nil {
			return err
		}
	}
}

// erase removes nodes and takes back the references of those that were still there:
// another reaper may be at the same ones.
func (r *Reaper) erase(ctx context.Context, tx *db.DB, ns []tree.Node) error {
	ids := make([]int64, len(ns))
	for i, n := range ns {
		ids[i] = n.ID
	}
	gone, err := r.Tree.Erase(ctx, tx, ids)
	if err != nil || len(gone) == 0 {
		return err
	}
	for _, n := range ns {
		if n.Content == 0 || !slices.Contains(gone, n.ID) {
			continue
		}
		if err := r.Content.Refer(ctx, tx, n.Content, -1); err != nil {
			return err
		}
	}
	return r.Erased(ctx, tx, gone)
}

// dropLeft dooms the spaces of users who are gone, and what trashes were emptied of.
func (r *Reaper) dropLeft(ctx context.Context, doomed tree.Space) error {
	for sp, err := range r.Tree.Spaces(ctx, tree.Left) {
		if err != nil {
			return err
		}
		if err := r.DB.Tx(ctx, func(tx *db.DB) error { return r.Tree.DropSpace(ctx, tx, doomed, sp) }); err != nil {
			return err
		}
	}
	return nil
}

// strandAge is how long a copy may take before it counts as given up.
const strandAge = 24 * time.Hour

// strand dooms copies that were never finished.
func (r *Reaper) strand(ctx context.Context, doomed, staging tree.Space) error {
	some, err := r.Tree.First(ctx, staging.Root, batch)
	if err != nil {
		return err
	}
	old := r.Now().Add(-strandAge).Unix()
	for _, n := range some {
		if n.Uploaded > old {
			continue
		}
		var cs [2]tree.Change
		for i := range cs {
			if cs[i], err = r.Tree.NewChange(ctx); err != nil {
				return err
			}
		}
		to := tree.Spot{Space: doomed.Root, Parent: doomed.Root, Name: n.Name}
		if err := r.DB.Tx(ctx, func(tx *db.DB) error {
			return r.Tree.Move(ctx, tx, cs, n, staging.Root, to, n.Mime)
		}); err != nil {
			return err
		}
	}
	return nil
}
