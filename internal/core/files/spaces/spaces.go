// Package spaces finds the spaces that files lie in, and makes them at their first
// use: homes, the one of what is deleted, the one of what is being copied. It knows
// no rights.
package spaces

import (
	"context"
	"errors"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// Spaces is those of the whole instance.
type Spaces struct {
	DB   *db.DB
	Tree *tree.Tree

	homes  sync.Map // user id → home
	doomed sync.Map // "" → tree.Space
}

// home is what was found out of a user's home.
type home struct {
	root int64
	at   time.Time
}

// homeFor is how long that is believed: another process may delete the user and
// make a new one of the same name.
const homeFor = time.Second

// Home is the root of a user's home, which is made with a quota if it is not
// there.
func (s *Spaces) Home(ctx context.Context, uid string, quota int64, now time.Time) (int64, error) {
	if h, ok := s.homes.Load(uid); ok && now.Sub(h.(home).at) < homeFor {
		return h.(home).root, nil
	}
	sp, err := s.Of(ctx, tree.Home, uid, quota)
	if err != nil {
		return 0, err
	}
	s.homes.Store(uid, home{sp.Root, now})
	return sp.Root, nil
}

// Forget makes the next Home look again.
func (s *Spaces) Forget(uid string) { s.homes.Delete(uid) }

// Of finds an owner's space or makes it.
func (s *Spaces) Of(ctx context.Context, kind tree.SpaceKind, owner string, quota int64) (tree.Space, error) {
	sp, err := s.Tree.SpaceOf(ctx, s.DB, kind, owner)
	if !errors.Is(err, fault.NotFound) {
		return sp, err
	}
	id, err := s.DB.ID(ctx)
	if err != nil {
		return tree.Space{}, err
	}
	err = s.DB.Tx(ctx, func(tx *db.DB) error {
		sp, err = s.Tree.NewSpace(ctx, tx, id, tree.Space{Kind: kind, Owner: owner, Quota: quota})
		return err
	})
	if errors.Is(err, fault.Exists) { // two first requests at once
		return s.Tree.SpaceOf(ctx, s.DB, kind, owner)
	}
	return sp, err
}

// Doomed is where deleted trees wait for the purge.
func (s *Spaces) Doomed(ctx context.Context) (tree.Space, error) {
	if sp, ok := s.doomed.Load(""); ok {
		return sp.(tree.Space), nil
	}
	sp, err := s.Of(ctx, tree.Doomed, "", tree.NoQuota)
	if err == nil {
		s.doomed.Store("", sp)
	}
	return sp, err
}
