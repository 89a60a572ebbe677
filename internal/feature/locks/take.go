package locks

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// maxLocks bounds the locks of a space: every write looks at them all.
const maxLocks = 1000

// maxAgent bounds what is kept of a program's name, in bytes.
const maxAgent = 200

// heldError tells of the lock that is in the way.
type heldError struct{ row }

func (h heldError) Error() string { return lockedError(h.row).Error() }
func (h heldError) Unwrap() error { return lockedError(h.row) }

// take puts a lock on e for whoever makes the request. Somebody else's is
// fault.Locked. also runs in the transaction.
func (rm *Room) take(ctx context.Context, e *files.Entry, l row, also func(tx *db.DB) error) (row, error) {
	p := who.From(ctx)
	if e.Perm()&files.Update == 0 {
		return l, fault.New(fault.Denied, "You may not lock this.")
	}
	t, err := rm.of(ctx, []int64{e.Mount.Space}, e.ID)
	if err != nil {
		return l, err
	}
	if err := t.clash(e.ID, l); err != nil {
		return l, err
	}
	if len(t.rows) >= maxLocks {
		return l, fault.New(fault.Full, "There are too many locks; some must end first.")
	}
	l.Token, l.space, l.node, l.UID = scheme+uuid(), e.Mount.Space, e.ID, holder(p)
	if p != nil {
		l.display = p.Display
	}
	l.agent = web.VisitOf(ctx).Agent
	l.agent = l.agent[:min(len(l.agent), maxAgent)]
	if err := rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := rm.insert(ctx, tx, l); err != nil {
			return err
		}
		return also(tx)
	}); err != nil {
		return l, err
	}
	// Two who ask at once both find nothing before; at least one of them sees the
	// other now. It may be both, but never neither.
	if t, err = rm.of(ctx, []int64{e.Mount.Space}, e.ID); err == nil {
		err = t.clash(e.ID, l)
	}
	if err != nil {
		return l, errors.Join(err, remove(context.WithoutCancel(ctx), rm.db, l))
	}
	return l, nil
}

// nothingElse is for take.
func nothingElse(*db.DB) error { return nil }

// clash tells which lock forbids a new one on a node, but for that one itself.
func (t *table) clash(node int64, l row) error {
	against := t.covering(node)
	if l.Deep {
		against = append(against, t.below(node)...)
	}
	for _, o := range against {
		if o.Token != l.Token && (!o.Shared || !l.Shared) {
			return heldError{o}
		}
	}
	return nil
}

// uuid is a random UUID (RFC 9562, version 4).
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
