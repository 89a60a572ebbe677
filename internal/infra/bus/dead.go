package bus

import (
	"context"
	"fmt"
	"iter"
	"time"

	"atrium/internal/infra/db"
	"atrium/internal/infra/logs"
)

// Letter is an event that a subscriber could not handle.
type Letter struct {
	Subscriber string
	ID         int64
	Died       time.Time
	Event      string // its name
	Body       string // JSON
	Err        string // the last failure
}

// maxErr bounds how much of an error is kept, in bytes.
const maxErr = 4000

// bury puts the row behind cur aside, so that the next can come.
func (b *Bus) bury(ctx context.Context, s *subscriber, cur cursor, r row, cause error) error {
	text := cause.Error()
	text = text[:min(len(text), maxErr)]
	err := b.db.Tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, `INSERT INTO bus_dead (subscriber, id, died, name, body, error) VALUES (?, ?, ?, ?, ?, ?)
			{{on subscriber,id set died,error}}`, s.name, r.id, b.Now().UnixMilli(), r.name, r.body, text)
		if err != nil {
			return err
		}
		return b.move(ctx, tx, s, cur.pos, cursor{pos: r.pos})
	})
	if err == nil {
		b.Log.ErrorContext(ctx, "event buried", logs.Part, s.name, "event", r.name, logs.Err, text)
	}
	return err
}

// Dead yields the buried events of all subscribers.
func (b *Bus) Dead(ctx context.Context) iter.Seq2[Letter, error] {
	return letters(ctx, b.db, "SELECT subscriber, id, died, name, body, error FROM bus_dead ORDER BY subscriber, id")
}

func letters(ctx context.Context, d *db.DB, q string, args ...any) iter.Seq2[Letter, error] {
	return db.All(ctx, d, func(r db.Row) (l Letter, err error) {
		var died int64
		err = r.Scan(&l.Subscriber, &l.ID, &died, &l.Event, &l.Body, &l.Err)
		l.Died = time.UnixMilli(died)
		return l, err
	}, q, args...)
}

// Revive tries the buried events of a subscriber once more, in order, and
// tells how many were handled before one failed again.
func (b *Bus) Revive(ctx context.Context, name string) (int, error) {
	var s *subscriber
	for _, x := range b.all() {
		if x.name == name {
			s = x
		}
	}
	if s == nil {
		return 0, fmt.Errorf("no subscriber is called %s", name)
	}
	held, release, err := b.lock.Lock(ctx, leaseName(s), leaseTTL)
	if err != nil {
		return 0, err
	}
	defer release()
	done := 0
	for {
		next, err := first(letters(held, b.db, "SELECT subscriber, id, died, name, body, error FROM bus_dead WHERE subscriber = ? ORDER BY id LIMIT 1", name))
		if err != nil || next == nil {
			return done, err
		}
		if _, ok := s.kinds[next.Event]; ok { // else nobody is left who cares
			if err := b.call(held, s, []row{{name: next.Event, body: next.Body}}); err != nil {
				return done, fmt.Errorf("%s %s: %w", next.Event, next.Body, err)
			}
		}
		if _, err := b.db.Exec(held, "DELETE FROM bus_dead WHERE subscriber = ? AND id = ?", name, next.ID); err != nil {
			return done, err
		}
		done++
	}
}

func first(seq iter.Seq2[Letter, error]) (*Letter, error) {
	for l, err := range seq {
		return &l, err
	}
	return nil, nil
}

// Lag tells how many events wait for each subscriber.
func (b *Bus) Lag(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
	for _, s := range b.all() {
		var events []string
		for name := range s.kinds {
			events = append(events, name)
		}
		n, err := db.One(ctx, b.db, db.Scan1[int64], `SELECT COUNT(*) FROM bus_event e, bus_cursor c
			WHERE c.name = ? AND e.name IN (?)
			AND (e.turn = 0 OR e.turn > c.turn OR (e.turn = c.turn AND (e.at > c.at OR (e.at = c.at AND e.id > c.id))))`, s.name, events)
		if err != nil {
			return nil, err
		}
		out[s.name] = n
	}
	return out, nil
}
