package shares

import (
	"context"

	"atrium/internal/infra/db"
)

// Tally is how many shares there are of a kind with the same permissions.
type Tally struct {
	Kind   Kind
	Perms  int64
	Locked bool // by a password
	N      int64
}

// Tallies counts all shares.
func (rm *Room) Tallies(ctx context.Context) ([]Tally, error) {
	return db.List(ctx, rm.db, func(r db.Row) (v Tally, err error) { return v, r.Scan(&v.Kind, &v.Perms, &v.Locked, &v.N) },
		`SELECT kind, perms, CASE WHEN password = '' THEN 0 ELSE 1 END AS locked, COUNT(*) FROM share
		GROUP BY kind, perms, CASE WHEN password = '' THEN 0 ELSE 1 END ORDER BY perms, kind, locked`)
}
