package locks

import (
	"context"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// locker serves LOCK and UNLOCK on whatever shows files over DAV.
type locker struct{ *Room }

// entry is the file or folder behind a resource.
func entry(r dav.Resource) (*files.Entry, error) {
	e, ok := r.Value.(*files.Entry)
	if !ok {
		return nil, fault.New(fault.Denied, "This cannot be locked.")
	}
	return e, nil
}

// Lock implements dav.Locker.
func (k locker) Lock(ctx context.Context, r dav.Resource, req dav.LockRequest) (dav.Lock, error) {
	e, err := entry(r)
	if err != nil {
		return dav.Lock{}, err
	}
	now := k.Now()
	want := row{Lock: dav.Lock{Root: r.Path, Shared: req.Shared, Deep: req.Deep, Owner: req.Owner, Created: now, Expires: now.Add(req.TTL)}, kind: byToken}
	l, err := k.take(ctx, e, want, nothingElse)
	return l.Lock, err
}

// on finds the lock of a token that covers a resource and that may be ended by
// whoever makes the request.
func (k locker) on(ctx context.Context, r dav.Resource, tokens []string) (*row, error) {
	e, err := entry(r)
	if err != nil {
		return nil, err
	}
	t, err := k.of(ctx, []int64{e.Mount.Space}, e.ID)
	if err != nil {
		return nil, err
	}
	for _, l := range t.covering(e.ID) {
		if slices.Contains(tokens, l.Token) && mayBreak(who.From(ctx), e, l) {
			return &l, nil
		}
	}
	return nil, nil
}

// Refresh implements dav.Locker.
func (k locker) Refresh(ctx context.Context, r dav.Resource, tokens []string, ttl time.Duration) (dav.Lock, error) {
	l, err := k.on(ctx, r, tokens)
	if err != nil {
		return dav.Lock{}, err
	}
	if l == nil || l.UID != holder(who.From(ctx)) {
		return dav.Lock{}, fault.New(fault.Stale, "There is no such lock here any more.")
	}
	l.Expires, l.Root = k.Now().Add(ttl), r.Path
	return l.Lock, prolong(ctx, k.db, *l)
}

// Unlock implements dav.Locker. Whoever owns the file may break a lock.
func (k locker) Unlock(ctx context.Context, r dav.Resource, token string) error {
	l, err := k.on(ctx, r, []string{token})
	if err != nil {
		return err
	}
	if l == nil {
		return fault.New(fault.Conflict, "This token does not lock this file.")
	}
	return remove(ctx, k.db, *l)
}

// Holds implements dav.Locker.
func (k locker) Holds(ctx context.Context, r dav.Resource, token string) (bool, error) {
	if _, ok := r.Value.(*files.Entry); !ok {
		return false, nil
	}
	l, err := k.on(ctx, r, []string{token})
	return l != nil && l.UID == holder(who.From(ctx)), err
}

// Moved implements dav.Locker: locks by token end, wherever below they are; those
// taken by hand are of the file and go with it.
func (k locker) Moved(ctx context.Context, r dav.Resource) error {
	e, err := entry(r)
	if err != nil {
		return nil // nothing that is ever locked
	}
	t, err := k.of(ctx, []int64{e.Mount.Space}, e.ID)
	if err != nil || len(t.rows) == 0 {
		return err
	}
	var end, along []row
	for _, l := range t.rows {
		if !t.within(l.node, e.ID) {
			continue
		}
		if l.kind == byToken {
			end = append(end, l)
		} else if t.chains[e.ID][0].ID != l.space {
			along = append(along, l)
		}
	}
	if len(end)+len(along) == 0 {
		return nil
	}
	return k.db.Tx(ctx, func(tx *db.DB) error {
		if err := remove(ctx, tx, end...); err != nil {
			return err
		}
		return carry(ctx, tx, t.chains[e.ID][0].ID, along...)
	})
}

var _ dav.Locker = locker{}
