// Package empty removes groups of a source in which nobody is any more. It waits for a while,
// as what is shared with a group goes with it, and people may come back.
package empty

import (
	"context"
	"fmt"
	"slices"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
)

// Patience is for how long a group stands empty before it is removed.
const Patience = 30 * 24 * time.Hour

// Groups are those that stand empty, in the table saml_empty.
type Groups struct {
	db     *db.DB
	dir    *identity.Directory
	source string
}

// New returns those of a source. It touches no database.
func New(d *db.DB, dir *identity.Directory, source string) *Groups {
	dir.OnGroupRemoved(func(ctx context.Context, tx *db.DB, gid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM saml_empty WHERE gid = ?", gid)
		return err
	})
	return &Groups{d, dir, source}
}

// Sweep notes which groups are empty now and which no more, and removes those that have
// been for long. It tells which.
func (g *Groups) Sweep(ctx context.Context, now time.Time) (removed []string, err error) {
	empty, err := g.now(ctx)
	if err != nil {
		return nil, err
	}
	since := map[string]time.Time{}
	for gid, err := range db.All(ctx, g.db, db.Scan1[string], "SELECT gid FROM saml_empty") {
		if err != nil {
			return nil, err
		}
		since[gid] = time.Time{}
	}
	for _, gid := range empty {
		if _, known := since[gid]; !known {
			if _, err := g.db.Exec(ctx, "INSERT INTO saml_empty (gid, since) VALUES (?, ?) {{on gid ignore}}", gid, now.Unix()); err != nil {
				return nil, err
			}
		}
		delete(since, gid)
	}
	for gid := range since { // somebody is in them again
		if _, err := g.db.Exec(ctx, "DELETE FROM saml_empty WHERE gid = ?", gid); err != nil {
			return nil, err
		}
	}
	old, err := db.List(ctx, g.db, db.Scan1[string], "SELECT gid FROM saml_empty WHERE since <= ? ORDER BY gid", now.Add(-Patience).Unix())
	if err != nil {
		return nil, err
	}
	for _, gid := range old {
		if err := g.dir.RemoveGroup(ctx, gid); err != nil {
			return removed, fmt.Errorf("empty group %q: %w", gid, err)
		}
		removed = append(removed, gid)
	}
	return removed, nil
}

// now returns the groups of the source that have no member.
func (g *Groups) now(ctx context.Context) ([]string, error) {
	var all []string
	for one, err := range g.dir.Groups(ctx, "", 0, 0) {
		if err != nil {
			return nil, err
		}
		if one.Members == 0 {
			all = append(all, one.ID)
		}
	}
	var ours []string
	for part := range slices.Chunk(all, 500) {
		some, err := g.dir.GroupDetails(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, one := range some {
			if one.Source == g.source && one.Members == 0 {
				ours = append(ours, one.ID)
			}
		}
	}
	return ours, nil
}

// Forget begins anew: no group has been seen empty.
func (g *Groups) Forget(ctx context.Context) error {
	_, err := g.db.Exec(ctx, "DELETE FROM saml_empty")
	return err
}
