package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"atrium/internal/infra/db"
	"atrium/internal/infra/logs"
)

const (
	batchSize = 256              // events read, handled and acknowledged at once
	leaseTTL  = 30 * time.Second // how soon another node serves a dead node's subscribers
	holdMax   = 10 * time.Second // after so long, others get a chance to hold the lease
)

// pos is a place in the order of all events.
type pos struct{ turn, at, id int64 }

func scanPos(r db.Row) (p pos, err error) { return p, r.Scan(&p.turn, &p.at, &p.id) }

// Run serves the subscribers until ctx ends, and returns when all have stopped.
func (b *Bus) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range b.all() {
		wg.Go(func() { b.serve(ctx, s) })
	}
	b.dispatch(ctx)
	wg.Wait()
}

func (b *Bus) all() []*subscriber {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.subs)
}

// dispatch stamps new events, wakes those whom they concern, and takes away
// what everybody has had.
func (b *Bus) dispatch(ctx context.Context) {
	poll := time.NewTicker(b.Poll)
	defer poll.Stop()
	var seen pos
	rested := map[*subscriber]bool{}
	for {
		polled := false
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
			polled = true
		case <-b.wake:
			if !pause(ctx, b.Gather) {
				return
			}
		}
		head, err := b.head(ctx)
		if err != nil {
			b.complain(ctx, "events wait", err)
			continue
		}
		for _, s := range b.all() {
			was := rested[s]
			if rested[s] = s.part.Rests(); rested[s] {
				continue
			}
			if s.due.Swap(false) || was || polled && head != seen {
				nudge(s.wake)
			}
		}
		if polled && head != seen {
			seen = head
			if err := b.purge(ctx, head.turn); err != nil {
				b.complain(ctx, "old events stay", err)
			}
		}
	}
}

// head stamps what is not stamped and gives the place of the last event.
func (b *Bus) head(ctx context.Context) (pos, error) {
	if err := b.stamp(ctx); err != nil {
		return pos{}, err
	}
	last, err := db.List(ctx, b.db, scanPos,
		"SELECT turn, at, id FROM bus_event WHERE turn > 0 ORDER BY turn DESC, at DESC, id DESC LIMIT 1")
	if err != nil || len(last) == 0 {
		return pos{}, err
	}
	return last[0], nil
}

// stamp gives committed events their turn. The lock of the one row in bus_turn
// makes turns commit in their order, so that no lower turn appears after a
// higher one was seen.
func (b *Bus) stamp(ctx context.Context) error {
	if b.db.Dialect() == db.SQLite {
		return nil
	}
	const unstamped = "SELECT id FROM bus_event WHERE turn = 0 ORDER BY at, id LIMIT ?"
	for {
		some, err := db.List(ctx, b.db, db.Scan1[int64], unstamped, 1)
		if err != nil || len(some) == 0 {
			return err
		}
		err = b.db.Tx(ctx, func(tx *db.DB) error {
			if _, err := tx.Exec(ctx, "UPDATE bus_turn SET turn = turn + 1 WHERE name = 'turn'"); err != nil {
				return err
			}
			ids, err := db.List(ctx, tx, db.Scan1[int64], unstamped, batchSize)
			if err != nil || len(ids) == 0 {
				return err
			}
			turn, err := db.One(ctx, tx, db.Scan1[int64], "SELECT turn FROM bus_turn WHERE name = 'turn'")
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, "UPDATE bus_event SET turn = ? WHERE id IN (?)", turn, ids)
			return err
		})
		if err != nil {
			return err
		}
	}
}

// purge deletes events that all subscribers have had, a thousand turns at a
// time. The last turn stays: SQLite counts on from it.
func (b *Bus) purge(ctx context.Context, last int64) error {
	least, err := b.least(ctx, last)
	if err != nil || least == 0 {
		return err
	}
	for {
		edge, err := db.List(ctx, b.db, db.Scan1[int64],
			"SELECT turn FROM bus_event WHERE turn > 0 AND turn < ? ORDER BY turn LIMIT 1 OFFSET 1000", least)
		if err != nil {
			return err
		}
		until := least
		if len(edge) > 0 {
			until = edge[0]
		}
		err = b.db.Tx(ctx, func(tx *db.DB) error {
			_, err := tx.Exec(ctx, "DELETE FROM bus_event WHERE turn > 0 AND turn < ?", until)
			return err
		})
		if err != nil || until == least {
			return err
		}
	}
}

// least is the first turn that somebody still waits for, 0 when somebody has not
// even begun. Those that rest hold no more than the last Hold turns.
func (b *Bus) least(ctx context.Context, last int64) (int64, error) {
	subs := b.all()
	if len(subs) == 0 {
		return 0, nil
	}
	type place struct {
		name string
		turn int64
	}
	places := map[string]int64{}
	for p, err := range db.All(ctx, b.db, func(r db.Row) (p place, err error) { return p, r.Scan(&p.name, &p.turn) },
		"SELECT name, turn FROM bus_cursor") {
		if err != nil {
			return 0, err
		}
		places[p.name] = p.turn
	}
	least := last
	for _, s := range subs {
		turn := places[s.name]
		if s.part.Rests() {
			turn = max(turn, last-b.Hold)
		}
		least = min(least, max(turn, 0))
	}
	return least, nil
}

// serve is a subscriber's goroutine. Whenever it is woken it delivers what
// there is, unless another node is at it.
func (b *Bus) serve(ctx context.Context, s *subscriber) {
	retry := time.NewTimer(0) // to begin with what the last process left
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
			if !pause(ctx, s.rest) {
				return
			}
		case <-retry.C:
		}
		wait, err := b.turn(ctx, s)
		if err != nil {
			s.due.Store(true) // look again at the next poll
			b.complain(ctx, "subscriber waits", err, logs.Part, s.name)
		}
		if wait > 0 {
			retry.Reset(wait)
		}
	}
}

// turn takes the lease, delivers, and gives it back. It tells after how long
// to come again without being woken; 0: no need.
func (b *Bus) turn(ctx context.Context, s *subscriber) (time.Duration, error) {
	if s.part.Rests() {
		return 0, nil
	}
	held, release, ok, err := b.lock.TryLock(ctx, leaseName(s), leaseTTL)
	if err != nil {
		return 0, err
	}
	if !ok {
		s.due.Store(true)
		return 0, nil
	}
	defer release()
	return b.consume(held, s)
}

func leaseName(s *subscriber) string { return "bus/" + s.name }

// consume delivers until nothing has come for a while, an event fails, or it
// is another node's turn.
func (b *Bus) consume(held context.Context, s *subscriber) (time.Duration, error) {
	idle := time.NewTimer(b.idle)
	defer idle.Stop()
	for began := b.Now(); b.Now().Sub(began) < holdMax; {
		if s.part.Rests() {
			return 0, nil
		}
		r, err := b.step(held, s, onTime)
		switch {
		case err != nil:
			return 0, err
		case r.failed != nil:
			b.complain(held, "event failed", r.failed, logs.Part, s.name, "try", r.tries)
			return max(b.Backoff(r.tries), 1), nil
		case r.wait > 0:
			return r.wait, nil
		case r.more:
			continue
		}
		idle.Reset(b.idle)
		select {
		case <-held.Done():
			return 0, context.Cause(held)
		case <-idle.C:
			return 0, nil
		case <-s.wake:
			if !pause(held, s.rest) {
				return 0, context.Cause(held)
			}
		}
	}
	nudge(s.wake)
	return 0, nil
}

// Drain delivers all that waits and returns when nothing does, or with the
// first error of a handler. It is for tests and for commands that must not
// leave before their events have arrived.
func (b *Bus) Drain(ctx context.Context) error {
	for {
		before, err := b.head(ctx)
		if err != nil {
			return err
		}
		for _, s := range b.all() {
			if s.part.Rests() {
				continue
			}
			if err := b.drain(ctx, s); err != nil {
				return fmt.Errorf("subscriber %s: %w", s.name, err)
			}
		}
		if after, err := b.head(ctx); err != nil || after == before {
			return err
		}
	}
}

func (b *Bus) drain(ctx context.Context, s *subscriber) error {
	held, release, err := b.lock.Lock(ctx, leaseName(s), leaseTTL)
	if err != nil {
		return err
	}
	defer release()
	for {
		r, err := b.step(held, s, atOnce)
		if err = errors.Join(err, r.failed); err != nil || !r.more {
			return err
		}
	}
}

func (b *Bus) complain(ctx context.Context, msg string, err error, args ...any) {
	if ctx.Err() == nil {
		b.Log.WarnContext(ctx, msg, append(args, logs.Err, err)...)
	}
}

// pause waits, or tells that ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
