package shares

import (
	"context"

	"atrium/internal/core/event"
	"atrium/internal/infra/db"
)

// Tidy deletes shares that are over: expired, of nodes that are gone for good, and
// those whose makers hold nothing of the node any more, so that they do not come back
// to life when somebody shares it with the maker again. What lies in the trash stays.
func (rm *Room) Tidy(ctx context.Context) error {
	over, err := db.List(ctx, rm.db, scanShare, "SELECT "+columns+" FROM share s WHERE s.expires > 0 AND s.expires <= ? ORDER BY s.id", rm.Now().Unix())
	if err != nil {
		return err
	}
	if err := rm.endAll(ctx, over, event.ShareExpired); err != nil {
		return err
	}
	last := int64(0)
	for {
		batch, err := where(ctx, rm.db, "s.id > ? AND s.id <= (SELECT MAX(t.id) FROM (SELECT u.id FROM share u WHERE u.id > ? ORDER BY u.id LIMIT 500) t)", last, last)
		if err != nil || len(batch) == 0 {
			return err
		}
		last = batch[len(batch)-1].ID
		worths, err := rm.Weigh(ctx, batch...)
		if err != nil {
			return err
		}
		var orphans []Share
		for _, s := range batch {
			w := worths[s.ID]
			if w.Chain == nil || w.Owner != "" && w.Perms == 0 && s.Perms != 0 {
				orphans = append(orphans, s)
			}
		}
		if err := rm.endAll(ctx, orphans, event.ShareOrphaned); err != nil {
			return err
		}
	}
}

func (rm *Room) endAll(ctx context.Context, ss []Share, why string) error {
	return chunked(ss, func(part []Share) error {
		return rm.db.Tx(ctx, func(tx *db.DB) error { return rm.endIn(ctx, tx, part, why) })
	})
}

// ByID returns a share, fault.NotFound if there is none.
func (rm *Room) ByID(ctx context.Context, id int64) (Share, error) { return byID(ctx, rm.db, id) }
