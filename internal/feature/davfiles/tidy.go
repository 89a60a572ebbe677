package davfiles

import (
	"context"

	"atrium/internal/infra/db"
)

// tidyBatch is how many nodes are asked about at once.
const tidyBatch = 500

// Tidy forgets favourites and dead properties of what was purged. Ids never come
// again, so that there is no hurry.
func (rm *Room) Tidy(ctx context.Context) error {
	for _, q := range [...][2]string{
		{"SELECT DISTINCT node FROM favorite WHERE node > ? ORDER BY node LIMIT ?", "DELETE FROM favorite WHERE node IN (?)"},
		{"SELECT DISTINCT node FROM deadprop WHERE node > ? ORDER BY node LIMIT ?", "DELETE FROM deadprop WHERE node IN (?)"},
	} {
		for last := int64(0); ; {
			ids, err := db.List(ctx, rm.db, db.Scan1[int64], q[0], last, tidyBatch)
			if err != nil {
				return err
			}
			gone, err := rm.files.Gone(ctx, ids)
			if err == nil && len(gone) > 0 {
				_, err = rm.db.Exec(ctx, q[1], gone)
			}
			if err != nil {
				return err
			}
			if len(ids) < tidyBatch {
				break
			}
			last = ids[len(ids)-1]
		}
	}
	return nil
}

// Forget forgets, in the transaction that removes an account, what was its own:
// favourites, and uploads under way.
func (rm *Room) Forget(ctx context.Context, tx *db.DB, uid string) error {
	ids, err := db.List(ctx, tx, db.Scan1[int64], "SELECT id FROM upload WHERE uid = ?", uid)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := rm.drop(ctx, tx, id); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "DELETE FROM favorite WHERE uid = ?", uid)
	return err
}
