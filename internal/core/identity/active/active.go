// Package active counts the accounts that were used lately, by a login or by an
// app password or session.
package active

import (
	"context"
	"time"

	"atrium/internal/infra/db"
)

// Since tells how many accounts were used at a time or later. Uses of a session or
// app password are written down once a minute, so the last minute may be missing.
func Since(ctx context.Context, d *db.DB, at time.Time) (int64, error) {
	return db.One(ctx, d, db.Scan1[int64], `SELECT COUNT(*) FROM account a
		WHERE a.lastlogin >= ? OR EXISTS (SELECT 1 FROM token t WHERE t.uid = a.uid AND t.used >= ?)`, at.Unix(), at.Unix())
}
