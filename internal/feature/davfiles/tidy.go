package davfiles

import (
	"context"

	"atrium/internal/core/files/tidy"
	"atrium/internal/infra/db"
)

// Tidy forgets favourites and dead properties of what was purged.
func (rm *Room) Tidy(ctx context.Context) error {
	err := tidy.Table(ctx, rm.db, rm.files, "SELECT DISTINCT node FROM favorite WHERE node > ? ORDER BY node LIMIT ?", "DELETE FROM favorite WHERE node IN (?)")
	if err != nil {
		return err
	}
	return tidy.Table(ctx, rm.db, rm.files, "SELECT DISTINCT node FROM deadprop WHERE node > ? ORDER BY node LIMIT ?", "DELETE FROM deadprop WHERE node IN (?)")
}

// Forget forgets, in the transaction that removes an account, what was its own:
// favourites, and uploads under way.
func (rm *Room) Forget(ctx context.Context, tx *db.DB, uid string) error {
	ids, err := db.List(ctx, tx, db.Scan1[int64], "SELECT id FROM upload WHERE uid = ?", uid)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := rm.drop(ctx, tx, id, forever); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "DELETE FROM favorite WHERE uid = ?", uid)
	return err
}
