package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// row is an event as the outbox keeps it.
type row struct {
	pos
	name, body string
}

// cursor is how far a subscriber has come, how often the event after it has
// failed, and when that is to be tried again (ms since 1970).
type cursor struct {
	pos
	tries int
	due   int64
}

// pace is whether a failed event must wait for its time.
type pace bool

const (
	onTime pace = true
	atOnce pace = false
)

// result is what one step came to.
type result struct {
	more   bool          // there may be more to deliver right now
	failed error         // of a handler; try again after a pause
	tries  int           // how often that event has failed now
	wait   time.Duration // nothing was tried, since it is not time yet
}

// step delivers one batch to s. The caller holds the subscriber's lease.
func (b *Bus) step(ctx context.Context, s *subscriber, p pace) (result, error) {
	cur, err := b.cursor(ctx, s)
	if err != nil {
		return result{}, err
	}
	if wait := time.UnixMilli(cur.due).Sub(b.Now()); p == onTime && wait > 0 {
		return result{wait: wait}, nil
	}
	rows, err := b.pending(ctx, s, cur.pos)
	if err != nil {
		return result{}, err
	}
	if len(rows) == 0 {
		return b.skip(ctx, s, cur)
	}
	next, res := b.deliver(ctx, s, cur, rows)
	if err := b.move(ctx, b.db, s, cur.pos, next); err != nil {
		return result{}, err
	}
	if res.failed == nil || next.tries < b.Tries {
		// Who comes after a batch that was not full is announced, and gathers first.
		res.more = res.more && len(rows) == batchSize
		return res, nil
	}
	i := slices.IndexFunc(rows, func(r row) bool { return after(r.pos, next.pos) })
	return result{more: true}, b.bury(ctx, s, next, rows[i], res.failed)
}

// skip moves the cursor over events of others, so that they can be purged.
func (b *Bus) skip(ctx context.Context, s *subscriber, cur cursor) (result, error) {
	head, err := b.head(ctx)
	if err != nil || !after(head, cur.pos) {
		return result{}, err
	}
	// Events that came between the two looks lie beyond head, or show now.
	rows, err := b.pending(ctx, s, cur.pos)
	if err != nil || len(rows) > 0 {
		return result{more: err == nil}, err
	}
	return result{}, b.move(ctx, b.db, s, cur.pos, cursor{pos: head})
}

// deliver hands the rows over, run by run, until one fails. It gives the
// place after the last that was taken.
func (b *Bus) deliver(ctx context.Context, s *subscriber, cur cursor, rows []row) (cursor, result) {
	single := cur.tries > 0 // the first of them failed before: find out which it is
	for i := 0; i < len(rows); {
		if ctx.Err() != nil {
			return cur, result{failed: context.Cause(ctx), tries: max(cur.tries, 1)}
		}
		n := 1
		if !single {
			n = run(s, rows[i:])
		}
		err := b.call(ctx, s, rows[i:i+n])
		if err == nil {
			cur = cursor{pos: rows[i+n-1].pos}
			i += n
			continue
		}
		if n > 1 {
			single = true
			continue
		}
		if ctx.Err() == nil { // a node that stops says nothing about the event
			cur = b.failed(cur, err)
		}
		return cur, result{failed: fmt.Errorf("%s %s: %w", rows[i].name, rows[i].body, err), tries: max(cur.tries, 1)}
	}
	return cur, result{more: true}
}

// failed counts a failure. One for which the event is not to blame never
// makes the last.
func (b *Bus) failed(cur cursor, err error) cursor {
	cur.tries++
	if innocent(err) {
		cur.tries = min(cur.tries, b.Tries-1)
	}
	cur.due = b.Now().Add(b.Backoff(cur.tries)).UnixMilli()
	return cur
}

// run tells how many rows from the first on go to one call.
func run(s *subscriber, rows []row) int {
	h := s.kinds[rows[0].name].h
	if !h.batch {
		return 1
	}
	n := 1
	for n < len(rows) && s.kinds[rows[n].name].h == h {
		n++
	}
	return n
}

// call runs a handler; a panic in it is an error like others.
func (b *Bus) call(ctx context.Context, s *subscriber, rows []row) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	evs := make([]Event, len(rows))
	for i, r := range rows {
		if evs[i], err = s.kinds[r.name].decode([]byte(r.body)); err != nil {
			return fmt.Errorf("decode: %w", err)
		}
	}
	return s.kinds[rows[0].name].h.f(ctx, evs)
}

// innocent tells errors that another event would meet as well.
func innocent(err error) bool {
	return errors.Is(err, fault.Unavailable) || errors.Is(err, fault.Full) || errors.Is(err, context.Canceled)
}

// cursor reads the subscriber's place. A new one begins with what is there.
func (b *Bus) cursor(ctx context.Context, s *subscriber) (cursor, error) {
	scan := func(r db.Row) (c cursor, err error) { return c, r.Scan(&c.turn, &c.at, &c.id, &c.tries, &c.due) }
	const q = "SELECT turn, at, id, tries, due FROM bus_cursor WHERE name = ?"
	c, err := db.One(ctx, b.db, scan, q, s.name)
	if !errors.Is(err, fault.NotFound) {
		return c, err
	}
	_, err = b.db.Exec(ctx, "INSERT INTO bus_cursor (name, turn, at, id, tries, due) VALUES (?, 0, 0, 0, 0, 0) {{on name ignore}}", s.name)
	if err != nil {
		return cursor{}, err
	}
	return db.One(ctx, b.db, scan, q, s.name)
}

// pending reads the next events for s behind a place.
func (b *Bus) pending(ctx context.Context, s *subscriber, p pos) ([]row, error) {
	scan := func(r db.Row) (e row, err error) { return e, r.Scan(&e.turn, &e.at, &e.id, &e.name, &e.body) }
	events := slices.Sorted(maps.Keys(s.kinds))
	// One lower bound only, or SQLite may begin at the other one. No turn is 0.
	return db.List(ctx, b.db, scan, `SELECT turn, at, id, name, body FROM bus_event
		WHERE turn >= ? AND (turn > ? OR at > ? OR (at = ? AND id > ?)) AND name IN (?)
		ORDER BY turn, at, id LIMIT ?`, max(p.turn, 1), p.turn, p.at, p.at, p.id, events, batchSize)
}

var errOvertaken = errors.New("another node serves this subscriber")

// move writes the cursor, unless somebody else has moved it.
func (b *Bus) move(ctx context.Context, d *db.DB, s *subscriber, from pos, to cursor) error {
	// What was handled is handled, also when the lease or the server is about to end.
	ctx = context.WithoutCancel(ctx)
	n, err := d.Exec(ctx, "UPDATE bus_cursor SET turn = ?, at = ?, id = ?, tries = ?, due = ? WHERE name = ? AND turn = ? AND at = ? AND id = ?",
		to.turn, to.at, to.id, to.tries, to.due, s.name, from.turn, from.at, from.id)
	if err == nil && n == 0 {
		return errOvertaken
	}
	return err
}

func after(a, b pos) bool {
	if a.turn != b.turn {
		return a.turn > b.turn
	}
	if a.at != b.at {
		return a.at > b.at
	}
	return a.id > b.id
}
