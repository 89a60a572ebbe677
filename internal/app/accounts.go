package app

import (
	"context"
	"errors"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/feature/provisioning"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
)

// homes tells the provisioning room what accounts hold.
type homes struct {
	db    *db.DB
	tree  *tree.Tree
	files *files.Service
}

// Held implements provisioning.Homes. Listing accounts makes no home of those who
// were never here.
func (h homes) Held(ctx context.Context, u *identity.User) (used, total int64, err error) {
	total = u.Quota
	if total == identity.DefaultQuota {
		total = h.files.Quota
	}
	sp, err := h.tree.SpaceOf(ctx, h.db, tree.Home, u.ID)
	if errors.Is(err, fault.NotFound) {
		return 0, total, nil
	}
	if err != nil {
		return 0, 0, err
	}
	used, err = h.tree.Used(ctx, h.db, sp.Root)
	return used, total, err
}

// SetQuota implements provisioning.Homes.
func (h homes) SetQuota(ctx context.Context, uid string, bytes int64) error {
	return h.files.SetQuota(ctx, uid, bytes)
}

// fixedApps are the rooms, by the names that app:list prints. None can be
// switched off.
func fixedApps(version string, rooms func() []plug.Room) provisioning.AlwaysOn {
	return func() (out []provisioning.App) {
		for _, name := range namesOf(rooms()) {
			out = append(out, provisioning.App{ID: name, Name: name, Version: version, Enabled: true})
		}
		return out
	}
}
