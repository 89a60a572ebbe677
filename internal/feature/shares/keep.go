package shares

import (
	"context"
	"slices"

	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
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
	stir, err := rm.stirrer(ctx, s.Node)
	if err != nil {
		return s, err
	}
	err = rm.tx(ctx, func(tx *db.DB) error {
		if err := insert(ctx, tx, s); err != nil {
			return err
		}
		if err := stir(tx); err != nil {
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

// stirrer makes the folder in which a node lies look changed: clients show which of
// its entries are shared, and look again where an etag is new.
func (rm *Room) stirrer(ctx context.Context, node int64) (func(tx *db.DB) error, error) {
	chains, err := rm.tree.Up(ctx, node)
	if err != nil {
		return nil, err
	}
	chain := chains[node]
	if len(chain) < 2 {
		return func(*db.DB) error { return nil }, nil
	}
	change, err := rm.tree.NewChange(ctx)
	return func(tx *db.DB) error { return rm.tree.Stir(ctx, tx, change, chain[0].ID, chain[len(chain)-2].ID) }, err
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

// dropAccount ends what an account gave and got, in the transaction in which it goes.
func (rm *Room) dropAccount(ctx context.Context, tx *db.DB, uid string) error {
	ss, err := where(ctx, tx, "s.sharer = ? OR s.owner = ? OR s.kind = ? AND s.recipient = ?", uid, uid, User, uid)
	if err != nil {
		return err
	}
	for _, q := range []string{"DELETE FROM share_member WHERE uid = ?", "DELETE FROM share_place WHERE uid = ?", "DELETE FROM share_taste WHERE uid = ?"} {
		if _, err := tx.Exec(ctx, q, uid); err != nil {
			return err
		}
	}
	return rm.endIn(ctx, tx, ss, event.ShareOrphaned)
}

// dropGroup ends what was shared with a group.
func (rm *Room) dropGroup(ctx context.Context, tx *db.DB, gid string) error {
	ss, err := where(ctx, tx, "s.kind = ? AND s.recipient = ?", Group, gid)
	if err != nil {
		return err
	}
	return rm.endIn(ctx, tx, ss, event.ShareOrphaned)
}

// erased ends the shares of nodes that are gone for good.
func (rm *Room) erased(ctx context.Context, tx *db.DB, nodes []int64) error {
	return chunked(nodes, func(part []int64) error {
		ss, err := where(ctx, tx, "s.node IN (?)", part)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM share_place WHERE node IN (?)", part); err != nil {
			return err
		}
		return rm.endIn(ctx, tx, ss, event.ShareOrphaned)
	})
}

func (rm *Room) endIn(ctx context.Context, tx *db.DB, ss []Share, why string) error {
	for _, s := range ss {
		if err := rm.end(ctx, tx, s, why, ""); err != nil {
			return err
		}
	}
	if len(ss) > 0 {
		tx.AfterCommit(rm.Void)
	}
	return nil
}

// moved lets shares follow a node into another home. Who is given all of it, because
// an administrator hands a home over, is also who shares it from then on. Whoever
// else takes something out of what was shared with them owns it; what its former
// owner gave of it ends, since they hold nothing of it any more.
func (rm *Room) moved(ctx context.Context, tx *db.DB, from, to *files.Entry) error {
	if from.Mount.Owner == to.Mount.Owner || from.Mount.Owner == "" || to.Mount.Owner == "" {
		return nil
	}
	ss, err := where(ctx, tx, "s.owner = ?", from.Mount.Owner)
	if err != nil || len(ss) == 0 {
		return err
	}
	ids := make([]int64, len(ss))
	for i, s := range ss {
		ids[i] = s.Node
	}
	slices.Sort(ids)
	below := map[int64]bool{}
	err = chunked(slices.Compact(ids), func(part []int64) error {
		chains, err := rm.tree.UpIn(ctx, tx, part...)
		for id, chain := range chains {
			below[id] = slices.ContainsFunc(chain, func(n tree.Node) bool { return n.ID == from.ID })
		}
		return err
	})
	if err != nil {
		return err
	}
	handed := from.Mount.Kind == "" && to.Mount.Kind == ""
	for _, s := range ss {
		if !below[s.Node] {
			continue
		}
		s.Owner = to.Mount.Owner
		if handed && s.Sharer == from.Mount.Owner {
			s.Sharer = s.Owner
		}
		if err := update(ctx, tx, s); err != nil {
			return err
		}
		if err := rm.publish(ctx, tx, event.ShareChanged{Shared: shared(s, ""), What: []string{event.ShareOwner}, Perms: uint8(s.Perms), Note: s.Note}); err != nil {
			return err
		}
	}
	tx.AfterCommit(rm.Void)
	return nil
}
