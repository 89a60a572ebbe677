// Package stage makes copies of nodes out of sight, so that a copy of a folder
// appears whole or not at all. No byte is copied: the copies refer to the same
// contents. It knows no users and no views.
package stage

import (
	"context"
	"strconv"
	"time"

	"atrium/internal/core/content"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// batchSize is how many nodes one transaction makes.
const batchSize = 400

// Stager copies nodes.
type Stager struct {
	DB      *db.DB
	Tree    *tree.Tree
	Content *content.Store
	Now     func() time.Time
	// Copied give copies what rooms keep of the originals, in the transaction that
	// makes them.
	Copied []func(ctx context.Context, tx *db.DB, from, to []int64) error
}

// Copy copies a node into the root of a hidden space, under its new id; a folder
// with all that is in it, or empty.
func (s *Stager) Copy(ctx context.Context, hidden tree.Space, n tree.Node, whole bool) (tree.Node, error) {
	top, err := s.cloned(ctx, n, hidden.Root)
	if err != nil {
		return top, err
	}
	top.Name = strconv.FormatInt(top.ID, 10)
	if err := s.put(ctx, hidden.Root, []int64{n.ID}, []tree.Node{top}); err != nil {
		return top, err
	}
	if n.IsDir() && whole {
		err = s.below(ctx, hidden.Root, n.ID, top.ID)
	}
	return top, err
}

// below copies what lies in one folder, and below, into another.
func (s *Stager) below(ctx context.Context, space, from, to int64) error {
	var folders [][2]int64
	batch, origins := make([]tree.Node, 0, batchSize), make([]int64, 0, batchSize)
	for n, err := range s.Tree.Children(ctx, from) {
		if err != nil {
			return err
		}
		c, err := s.cloned(ctx, n, to)
		if err != nil {
			return err
		}
		if n.IsDir() {
			folders = append(folders, [2]int64{n.ID, c.ID})
		}
		origins = append(origins, n.ID)
		if batch = append(batch, c); len(batch) == batchSize {
			if err := s.put(ctx, space, origins, batch); err != nil {
				return err
			}
			batch, origins = batch[:0], origins[:0]
		}
	}
	if err := s.put(ctx, space, origins, batch); err != nil {
		return err
	}
	for _, f := range folders {
		if err := s.below(ctx, space, f[0], f[1]); err != nil {
			return err
		}
	}
	return nil
}

// cloned is a node's copy below another parent. A folder starts empty: the log
// adds what is put into it.
func (s *Stager) cloned(ctx context.Context, n tree.Node, parent int64) (tree.Node, error) {
	id, err := s.DB.ID(ctx)
	n.ID, n.Parent, n.ETag, n.Uploaded = id, parent, tree.NewETag(), s.Now().Unix()
	if n.IsDir() {
		n.Size = 0
	}
	return n, err
}

// put makes copies whose originals are origins.
func (s *Stager) put(ctx context.Context, space int64, origins []int64, ns []tree.Node) error {
	if len(ns) == 0 {
		return nil
	}
	changes := make([]tree.Change, len(ns))
	for i := range changes {
		var err error
		if changes[i], err = s.Tree.NewChange(ctx); err != nil {
			return err
		}
	}
	return s.DB.Tx(ctx, func(tx *db.DB) error {
		copies := make([]int64, len(ns))
		for i, n := range ns {
			copies[i] = n.ID
			if n.Content != 0 {
				if err := s.Content.Refer(ctx, tx, n.Content, 1); err != nil {
					return err
				}
			}
			if err := s.Tree.Create(ctx, tx, changes[i], space, n); err != nil {
				return err
			}
		}
		for _, copied := range s.Copied {
			if err := copied(ctx, tx, origins, copies); err != nil {
				return err
			}
		}
		return nil
	})
}
