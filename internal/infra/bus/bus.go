// Package bus carries facts from the room that made them true to the rooms
// that care. An event is a row written in the transaction that made it true;
// each subscriber gets every event of its kinds at least once and in order,
// and keeps its own place, so that a slow or failing one holds up nobody. It
// knows no event by name.
//
// Order. If one transaction was committed before another began, its events
// come first. Ids and clocks alone cannot tell that: PostgreSQL and MariaDB
// commit in another order than they draw numbers, so a subscriber that went by
// them would miss what is committed late. There, events are stamped with a
// turn after they are committed, under the lock of one row, and subscribers go
// by turns. SQLite has one writer, so the turn is drawn with the event.
package bus

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"atrium/internal/base/switches"
	"atrium/internal/infra/db"
	"atrium/internal/infra/lock"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema is the outbox and the subscribers' places in it.
var Schema = db.Schema{Room: "bus", Files: schema}

// Event is a fact: a small struct that encoding/json writes and reads back.
type Event interface{ EventName() string }

// Bus is the outbox and its subscribers. The fields may be set before Run.
type Bus struct {
	Now     func() time.Time
	Log     *slog.Logger
	Gather  time.Duration               // how long events gather before subscribers are woken
	Poll    time.Duration               // how often to look for events of other processes
	Tries   int                         // after so many failures an event is buried
	Backoff func(try int) time.Duration // pause after the try-th failure, the first being 1
	// Switches, if set, tells which part subscribes. Subscribers of parts that rest
	// get nothing and keep their place, so that they miss nothing; but of what they
	// have not had only the last Hold turns are kept, or a part that stays off would
	// fill the database.
	Switches *switches.Set
	Hold     int64

	db   *db.DB
	lock lock.Locker
	tag  int64 // high bits of this process's event ids
	seq  atomic.Int64
	wake chan struct{}
	idle time.Duration // how long a node keeps a subscriber that has nothing to do

	mu     sync.RWMutex
	subs   []*subscriber
	taps   []*func(Event)
	within []witness
}

// witness takes part in publishing.
type witness struct {
	part switches.Part
	f    func(ctx context.Context, tx *db.DB, ev Event) error
}

// New makes a bus over a database with the tables of Schema. The locker keeps
// the nodes of an installation from serving one subscriber at the same time.
func New(d *db.DB, l lock.Locker) *Bus {
	return &Bus{
		Now: time.Now, Log: slog.Default(),
		Gather: 25 * time.Millisecond, Poll: time.Second,
		Tries: 12, Backoff: backoff, Hold: 100_000,
		db: d, lock: l, tag: rand.Int64N(1<<23) << 40, wake: make(chan struct{}, 1), idle: 2 * time.Second,
	}
}

// backoff doubles from a second to five minutes; twelve tries take 20 minutes.
func backoff(try int) time.Duration {
	return min(time.Second<<min(try-1, 20), 5*time.Minute)
}

// Publish makes ev a fact with the transaction tx: subscribers get it once
// that is committed, and never if it is not. An event that nobody subscribed
// to costs no row; so a process that publishes must have made the same
// subscriptions as the one that serves them.
func (b *Bus) Publish(ctx context.Context, tx *db.DB, ev Event) error {
	if !tx.InTx() {
		return fmt.Errorf("event %s: published outside of a transaction", ev.EventName())
	}
	for _, w := range b.within {
		if w.part.Rests() {
			continue
		}
		if err := w.f(ctx, tx, ev); err != nil {
			return fmt.Errorf("event %s: %w", ev.EventName(), err)
		}
	}
	subs, taps := b.listeners(ev.EventName())
	if len(subs) > 0 {
		if err := b.insert(ctx, tx, ev); err != nil {
			return fmt.Errorf("event %s: %w", ev.EventName(), err)
		}
	}
	if len(subs)+len(taps) == 0 {
		return nil
	}
	tx.AfterCommit(func() {
		for _, tap := range taps {
			(*tap)(ev)
		}
		if len(subs) == 0 {
			return
		}
		for _, s := range subs {
			s.due.Store(true)
		}
		nudge(b.wake)
	})
	return nil
}

func (b *Bus) insert(ctx context.Context, tx *db.DB, ev Event) error {
	body, err := json.Marshal(ev)
	if err != nil {
		return err
	}
	id := b.tag | b.seq.Add(1)
	_, err = tx.Exec(ctx, insertEvent(tx.Dialect()), id, ev.EventName(), string(body))
	return err
}

// insertEvent is the statement that writes an event: id, name, body. On
// SQLite the turn is one more than the greatest, whose row is never deleted.
// Elsewhere the turn is 0, to be stamped, and at is the database's own clock
// in µs, the only one that all nodes share.
func insertEvent(d db.Dialect) string {
	switch d {
	case db.SQLite:
		return "INSERT INTO bus_event (id, turn, at, name, body) SELECT ?, COALESCE(MAX(turn), 0) + 1, 0, ?, ? FROM bus_event"
	case db.Postgres:
		return "INSERT INTO bus_event (id, turn, at, name, body) VALUES (?, 0, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT), ?, ?)"
	default:
		return "INSERT INTO bus_event (id, turn, at, name, body) VALUES (?, 0, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)), ?, ?)"
	}
}

// listeners gives who wants events of that name, and all taps.
func (b *Bus) listeners(event string) (subs []*subscriber, taps []*func(Event)) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, s := range b.subs {
		if _, ok := s.kinds[event]; ok {
			subs = append(subs, s)
		}
	}
	return subs, b.taps
}

// subscriber is a name with what it does on which events.
type subscriber struct {
	name  string
	part  switches.Part
	kinds map[string]kind // by event name
	due   atomic.Bool     // it should look for events soon
	wake  chan struct{}
	rest  time.Duration // how long it lets events gather
}

// kind is one type of event for one subscriber.
type kind struct {
	decode func(body []byte) (Event, error)
	h      *handler
}

// handler is a function of a room; several kinds may share one.
type handler struct {
	f     func(ctx context.Context, evs []Event) error
	batch bool // takes more than one at a time
}

// On has f called with every event of type E, a plain struct, in order. Name
// is the subscriber's: one that listens to several types gives the same name
// to all, gets all in one order, and never two at once. An error of f is
// tried again, later and for ever longer; after Tries failures the event is
// buried (see Dead) and the next one comes. An Unavailable or Full error says
// that the event is not to blame, and is tried until it goes away.
//
// Subscriptions are made before Run.
func On[E Event](b *Bus, name string, f func(ctx context.Context, ev E) error) {
	b.subscribe(name, &handler{f: func(ctx context.Context, evs []Event) error {
		return f(ctx, evs[0].(E))
	}}, kindOf[E]())
}

// OnBatch is On for those who are faster with many events at once: f gets one
// or more, up to 256, that follow each other. After an error they come again
// one by one.
func OnBatch[E Event](b *Bus, name string, f func(ctx context.Context, evs []E) error) {
	b.subscribe(name, &handler{batch: true, f: func(ctx context.Context, evs []Event) error {
		typed := make([]E, len(evs))
		for i, ev := range evs {
			typed[i] = ev.(E)
		}
		return f(ctx, typed)
	}}, kindOf[E]())
}

// Kind names a type of event for OnMixed.
type Kind struct {
	name   string
	decode func(body []byte) (Event, error)
}

// Of is the Kind of E, a plain struct.
func Of[E Event]() Kind { return kindOf[E]() }

// OnMixed is OnBatch for several types whose order among each other matters.
func (b *Bus) OnMixed(name string, f func(ctx context.Context, evs []Event) error, kinds ...Kind) {
	b.subscribe(name, &handler{batch: true, f: f}, kinds...)
}

func kindOf[E Event]() Kind {
	var zero E
	return Kind{zero.EventName(), func(body []byte) (Event, error) {
		var ev E
		err := json.Unmarshal(body, &ev)
		return ev, err
	}}
}

func (b *Bus) subscribe(name string, h *handler, kinds ...Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.subs, func(s *subscriber) bool { return s.name == name })
	if i < 0 {
		i = len(b.subs)
		b.subs = append(b.subs, &subscriber{name: name, part: b.Switches.Part(), kinds: map[string]kind{}, wake: make(chan struct{}, 1)})
	}
	for _, k := range kinds {
		if _, ok := b.subs[i].kinds[k.name]; ok {
			panic(errors.New("bus: " + name + " subscribes to " + k.name + " twice"))
		}
		b.subs[i].kinds[k.name] = kind{k.decode, h}
	}
}

// Within has f see every event in the transaction that makes it true, which an error
// of f undoes. It is for those who want few events of many kinds and must cost the
// others nothing: f must be quick. It is called before the first event is published.
func (b *Bus) Within(f func(ctx context.Context, tx *db.DB, ev Event) error) {
	b.within = append(b.within, witness{b.Switches.Part(), f})
}

// Leisurely lets events gather for a while before the subscriber of this name has
// them, so that it works less often and on more at once: each time costs a look at
// the outbox and a durable write. It is for those for whom nobody waits, and is
// called before Run.
func (b *Bus) Leisurely(name string, rest time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.subs {
		if s.name == name {
			s.rest = rest
			return
		}
	}
	panic(errors.New("bus: no subscriber is called " + name))
}

// Tap has f see every event that this process publishes, as soon as it is
// committed: live and with no promise. F runs on the publisher's goroutine, so
// it must be quick and must not fail.
func (b *Bus) Tap(f func(ev Event)) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	mine := &f
	b.taps = append(slices.Clone(b.taps), mine)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.taps = slices.DeleteFunc(slices.Clone(b.taps), func(t *func(Event)) bool { return t == mine })
	}
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
