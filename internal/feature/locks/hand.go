package locks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// Bounds of how long a lock holds that was taken by hand. Admins set it with
// config:app:set files_lock lock_timeout, in minutes.
const (
	handDefault = 24 * time.Hour
	handMost    = 30 * 24 * time.Hour
)

func (rm *Room) handTime(ctx context.Context) (time.Duration, error) {
	s, err := rm.settings.Default(ctx, "files_lock", "lock_timeout", "")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 {
		return handDefault, nil
	}
	return min(time.Duration(min(n, int(handMost/time.Minute)))*time.Minute, handMost), nil
}

// byOwn finds the lock on e that its holder took by hand.
func (t *table) byOwn(e *files.Entry, me string) *row {
	for _, l := range t.rows {
		if l.node == e.ID && l.UID == me && l.kind == byHand {
			return &l
		}
	}
	return nil
}

// lock takes a lock by hand, or a token, for one of the official clients; one's
// own is prolonged. The file gets a new etag, so that all clients see it.
func (rm *Room) lock(ctx context.Context, e *files.Entry, k kind) (row, error) {
	p := who.From(ctx)
	if k != byHand && k != byToken {
		return row{}, fault.New(fault.Invalid, "A lock is of type 0, by hand, or 2, with a token.")
	}
	if p == nil || p.Link != 0 {
		return row{}, fault.New(fault.Denied, "Only who is signed in can lock a file.")
	}
	ttl, err := rm.handTime(ctx)
	if err != nil {
		return row{}, err
	}
	t, err := rm.of(ctx, []int64{e.Mount.Space})
	if err != nil {
		return row{}, err
	}
	if l := t.byOwn(e, p.ID); l != nil && k == byHand {
		l.Expires = rm.Now().Add(ttl)
		return *l, prolong(ctx, rm.db, *l)
	}
	touch, err := rm.toucher(ctx, p, e)
	if err != nil {
		return row{}, err
	}
	now := rm.Now()
	return rm.take(ctx, e, row{kind: k, Lock: dav.Lock{Deep: e.IsDir(), Created: now, Expires: now.Add(ttl)}}, touch)
}

// toucher gives e a new etag in a transaction.
func (rm *Room) toucher(ctx context.Context, p *who.Principal, e *files.Entry) (func(tx *db.DB) error, error) {
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	change, err := rm.files.NewChange(ctx)
	return func(tx *db.DB) error { return v.SetTimes(ctx, tx, change, e, files.Times{}) }, err
}

// errFree says that there is nothing to unlock.
var errFree = fault.New(fault.Stale, "The file is not locked.")

// unlock ends the locks on e itself that the caller holds, or as the owner of the
// file breaks. Those of others are fault.Locked, none is errFree.
func (rm *Room) unlock(ctx context.Context, e *files.Entry) error {
	p := who.From(ctx)
	t, err := rm.of(ctx, []int64{e.Mount.Space}, e.ID)
	if err != nil {
		return err
	}
	var end []row
	for _, l := range t.covering(e.ID) {
		switch {
		case !mayBreak(p, e, l):
			return heldError{l}
		case l.node == e.ID:
			end = append(end, l)
		}
	}
	if len(end) == 0 {
		return errFree
	}
	touch := nothingElse
	if e.Perm()&files.Update != 0 {
		if touch, err = rm.toucher(ctx, p, e); err != nil {
			return err
		}
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := remove(ctx, tx, end...); err != nil {
			return err
		}
		return touch(tx)
	})
}

// Manual implements dav.Locker (client-api 3 and 3.4). The answer shows the lock
// that holds now, also where it is in the way.
func (k locker) Manual(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) error {
	e, err := entry(r)
	if err != nil {
		return err
	}
	var held *row
	if req.Method == "UNLOCK" {
		err = k.unlock(ctx, e)
	} else {
		n, bad := strconv.Atoi(req.Header.Get("X-User-Lock-Type"))
		if bad != nil && req.Header.Get("X-User-Lock-Type") != "" {
			n = -1
		}
		var l row
		if l, err = k.lock(ctx, e, kind(n)); err == nil {
			held = &l
		}
	}
	status := http.StatusOK
	if err != nil {
		other, taken := errors.AsType[heldError](err)
		switch {
		case taken:
			status, held = http.StatusLocked, &other.row
			if !mayBreak(who.From(ctx), e, *held) {
				held.Token = ""
			}
		case errors.Is(err, errFree):
			status = http.StatusPreconditionFailed
		default:
			return err
		}
	}
	etag, err := k.etagOf(ctx, e)
	if err != nil {
		return err
	}
	body := answer(held, etag)
	h := w.Header()
	h.Set("Content-Type", "application/xml; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err = w.Write(body)
	return err
}

func (rm *Room) etagOf(ctx context.Context, e *files.Entry) (int64, error) {
	chains, err := rm.files.Chains(ctx, e.ID)
	chain := chains[e.ID]
	if err != nil || len(chain) == 0 || chain[len(chain)-1].Kind == tree.Folder { // a folder's is settled later
		return e.ETag, err
	}
	return chain[len(chain)-1].ETag, nil
}

// answer is the d:prop of an answer to LOCK or UNLOCK.
func answer(l *row, etag int64) []byte {
	b := []byte(`<?xml version="1.0"?>` + "\n" + `<d:prop xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns">`)
	if l == nil {
		b = append(b, "<nc:lock>0</nc:lock>"...)
	} else {
		for _, name := range order {
			b = append(append(append(b, "<nc:"...), name...), '>')
			b = family[nc(name)](b, l)
			b = append(append(append(b, "</nc:"...), name...), '>')
		}
	}
	b = fmt.Appendf(b, "<d:getetag>&quot;%016x&quot;</d:getetag>", etag)
	return append(b, "</d:prop>\n"...)
}
