package app

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/feature/provisioning"
	"atrium/internal/infra/db"
)

// homes tells the provisioning room what accounts hold.
type homes struct {
	db    *db.DB
	tree  *tree.Tree
	files *files.Service
}

// atOnce is how many homes are looked at side by side: a database on another
// machine answers each after a while.
const atOnce = 4

// Held implements provisioning.Homes. Listing accounts makes no home of those who
// were never here.
func (h homes) Held(ctx context.Context, us []*identity.User) ([]provisioning.Holding, error) {
	out := make([]provisioning.Holding, len(us))
	if len(us) == 1 {
		var err error
		out[0], err = h.held(ctx, us[0])
		return out, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, u := range us {
		g.Go(func() (err error) {
			out[i], err = h.held(ctx, u)
			return err
		})
	}
	return out, g.Wait()
}

func (h homes) held(ctx context.Context, u *identity.User) (provisioning.Holding, error) {
	total := u.Quota
	if total == identity.DefaultQuota {
		total = h.files.Quota
	}
	sp, err := h.tree.SpaceOf(ctx, h.db, tree.Home, u.ID)
	if errors.Is(err, fault.NotFound) {
		return provisioning.Holding{Total: total}, nil
	}
	if err != nil {
		return provisioning.Holding{}, err
	}
	used, err := h.tree.Used(ctx, h.db, sp.Root)
	return provisioning.Holding{Used: used, Total: total}, err
}

// SetQuota implements provisioning.Homes.
func (h homes) SetQuota(ctx context.Context, uid string, bytes int64) error {
	return h.files.SetQuota(ctx, uid, bytes)
}

// Owners implements notify.Storage.
func (h homes) Owners(ctx context.Context, spaces ...int64) (map[int64]string, error) {
	return h.tree.Homes(ctx, h.db, spaces)
}

// Usage implements notify.Storage.
func (h homes) Usage(ctx context.Context, uid string) (used, total int64, err error) {
	return h.files.Usage(ctx, uid)
}

// Chains implements notify.Storage.
func (h homes) Chains(ctx context.Context, ids ...int64) (map[int64][]tree.Node, error) {
	return h.files.Chains(ctx, ids...)
}
