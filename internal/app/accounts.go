package app

import (
	"context"

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

// Held implements provisioning.Homes, with one question for all. Listing accounts makes
// no home of those who were never here.
func (h homes) Held(ctx context.Context, us []*identity.User) ([]provisioning.Holding, error) {
	if len(us) == 0 {
		return nil, nil
	}
	uids := make([]string, len(us))
	for i, u := range us {
		uids[i] = u.ID
	}
	held, err := h.tree.Held(ctx, h.db, tree.Home, uids...)
	if err != nil {
		return nil, err
	}
	out := make([]provisioning.Holding, len(us))
	for i, u := range us {
		total := u.Quota
		if total == identity.DefaultQuota {
			total = h.files.Quota
		}
		out[i] = provisioning.Holding{Used: held[u.ID].Used, Total: total}
	}
	return out, nil
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
