package shares

import (
	"context"

	"atrium/internal/core/event"
	"atrium/internal/infra/db"
)

// shared is what events tell of a share, with who did it; "" is the server itself.
func shared(s Share, actor string) event.Shared {
	return event.Shared{Share: s.ID, Kind: int16(s.Kind), Node: s.Node, Owner: s.Owner, Sharer: s.Sharer, Recipient: s.Recipient, By: event.By{Actor: actor}}
}

// begin writes a new share. Recipients who want to be asked have it pending.
func (rm *Room) begin(ctx context.Context, s Share) (Share, error) {
	var err error
	if s.ID, err = rm.db.ID(ctx); err != nil {
		return s, err
	}
	asked, unasked, err := rm.tastes(ctx, s)
	if err != nil {
		return s, err
	}
	err = rm.tx(ctx, func(tx *db.DB) error {
		if err := insert(ctx, tx, s); err != nil {
			return err
		}
		for _, uid := range asked {
			if err := setState(ctx, tx, uid, pending, s.ID); err != nil {
				return err
			}
		}
		for _, uid := range unasked {
			if err := setState(ctx, tx, uid, accepted, s.ID); err != nil {
				return err
			}
		}
		waits := s.Kind == User && (len(asked) > 0 || s.Ask && len(unasked) == 0)
		return rm.publish(ctx, tx, event.ShareMade{Shared: shared(s, s.Sharer), Perms: uint8(s.Perms), Note: s.Note, Pending: waits})
	})
	return s, err
}

// end deletes a share and tells why.
func (rm *Room) end(ctx context.Context, tx *db.DB, s Share, why, actor string) error {
	if err := drop(ctx, tx, []int64{s.ID}); err != nil {
		return err
	}
	if s.Kind == User { // if it comes again, it is new
		if _, err := tx.Exec(ctx, "DELETE FROM share_place WHERE uid = ? AND node = ?", s.Recipient, s.Node); err != nil {
			return err
		}
	}
	return rm.publish(ctx, tx, event.ShareRemoved{Shared: shared(s, actor), Why: why})
}
