// Package bustest holds what the bus must do, as tests that run over any way
// of joining its nodes, and makes buses for the tests of rooms.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/lock/mem"
)

// New makes a bus for a test of something else: quiet, and without pauses.
// Call its Drain where events should have arrived.
func New(d *db.DB) *bus.Bus { return Quick(bus.New(d, mem.New())) }

// Quick takes the pauses and the log out of a bus.
func Quick(b *bus.Bus) *bus.Bus {
	b.Gather, b.Poll = 0, 10*time.Millisecond
	b.Backoff = func(int) time.Duration { return 0 }
	b.Log = slog.New(slog.DiscardHandler)
	return b
}

// Said and Done are two kinds of events for tests.
type Said struct {
	Who string
	N   int
}

// EventName implements bus.Event.
func (Said) EventName() string { return "test.said" }

// Done is the other kind.
type Done struct{ Who string }

// EventName implements bus.Event.
func (Done) EventName() string { return "test.done" }

// Nodes makes one more node over the database of a test.
type Nodes func() *bus.Bus

// Run tests the buses that open makes over d, a database with the bus's
// tables, which are emptied before each test.
func Run(t *testing.T, d *db.DB, open Nodes) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *rig)
	}{
		{"in order and once", inOrder},
		{"rolled back is never told", rolledBack},
		{"nobody wants it", nobody},
		{"late commit", lateCommit},
		{"batches", batches},
		{"mixed batches", mixed},
		{"failure is repeated", repeated},
		{"failure in a batch", failureInBatch},
		{"unavailable is not buried", patient},
		{"buried and revived", buried},
		{"panic", panics},
		{"slow one holds up nobody", slow},
		{"new subscriber", newcomer},
		{"places", places},
		{"old events are deleted", purged},
		{"a part that is off", resting},
		{"a part that stays off", held},
		{"tap", tap},
		{"two nodes under load", load},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, table := range []string{"bus_event", "bus_cursor", "bus_dead"} {
				if _, err := d.Exec(t.Context(), "DELETE FROM "+table); err != nil {
					t.Fatal(err)
				}
			}
			c.test(t, &rig{t: t, db: d, open: open, Bus: open(), name: t.Name()})
		})
	}
}

type rig struct {
	*bus.Bus
	t    *testing.T
	db   *db.DB
	open Nodes
	name string // of the subscriber
}

// say publishes in one transaction.
func (r *rig) say(evs ...bus.Event) {
	r.t.Helper()
	err := r.db.Tx(r.t.Context(), func(tx *db.DB) error {
		for _, ev := range evs {
			if err := r.Publish(r.t.Context(), tx, ev); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) drain() {
	r.t.Helper()
	if err := r.Drain(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) rows() int64 {
	r.t.Helper()
	n, err := db.One(r.t.Context(), r.db, db.Scan1[int64], "SELECT COUNT(*) FROM bus_event")
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// note subscribes and remembers what came.
func note[E bus.Event](r *rig, got *[]E) {
	bus.On(r.Bus, r.name, func(_ context.Context, ev E) error {
		*got = append(*got, ev)
		return nil
	})
}

func want[T any](t *testing.T, got, want []T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func inOrder(t *testing.T, r *rig) {
	var got, all []Said
	note(r, &got)
	for i := range 700 {
		all = append(all, Said{"a", i})
	}
	r.say(all[0])
	for i := 1; i < len(all); i += 233 {
		var evs []bus.Event
		for _, ev := range all[i : i+233] {
			evs = append(evs, ev)
		}
		r.say(evs...)
	}
	r.drain()
	want(t, got, all)
	if err := r.Publish(t.Context(), r.db, Said{}); err == nil {
		t.Error("Publish outside of a transaction is no error")
	}
	r.drain()
	want(t, got, all)
}

func rolledBack(t *testing.T, r *rig) {
	var got []Said
	note(r, &got)
	undo := errors.New("undo")
	err := r.db.Tx(t.Context(), func(tx *db.DB) error {
		if err := r.Publish(t.Context(), tx, Said{"never", 1}); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	r.say(Said{"a", 2})
	r.drain()
	want(t, got, []Said{{"a", 2}})
}

func nobody(t *testing.T, r *rig) {
	before := r.rows()
	r.say(Said{"a", 1}, Done{"a"})
	if after := r.rows(); after != before {
		t.Errorf("%d rows for events that nobody wants", after-before)
	}
}

// lateCommit is the trap of numbers that are drawn before the commit: what is
// committed last was written first.
func lateCommit(t *testing.T, r *rig) {
	var got []Said
	note(r, &got)
	if r.db.Dialect() == db.SQLite { // one writer: it cannot happen
		r.say(Said{"late", 1})
		r.drain()
		want(t, got, []Said{{"late", 1}})
		return
	}
	written, commit, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		done <- r.db.Tx(t.Context(), func(tx *db.DB) error {
			err := r.Publish(t.Context(), tx, Said{"late", 1})
			written <- true
			<-commit
			return err
		})
	}()
	<-written
	r.say(Said{"early", 2})
	r.drain()
	want(t, got, []Said{{"early", 2}})
	commit <- true
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	r.drain()
	want(t, got, []Said{{"early", 2}, {"late", 1}})
}

func batches(t *testing.T, r *rig) {
	var got []int
	n := 0
	bus.OnBatch(r.Bus, r.name, func(_ context.Context, evs []Said) error {
		for _, ev := range evs {
			if ev.N != n {
				t.Errorf("event %d, want %d", ev.N, n)
			}
			n++
		}
		got = append(got, len(evs))
		return nil
	})
	for range 3 {
		var evs []bus.Event
		for range 100 {
			evs = append(evs, Said{"a", len(evs) + 100*len(got)})
		}
		r.say(evs...)
		r.drain()
	}
	want(t, got, []int{100, 100, 100})
}

func mixed(t *testing.T, r *rig) {
	var got []string
	r.OnMixed(r.name, func(_ context.Context, evs []bus.Event) error {
		got = append(got, fmt.Sprint(evs))
		return nil
	}, bus.Of[Said](), bus.Of[Done]())
	r.say(Said{"a", 1}, Done{"a"}, Said{"a", 2})
	r.drain()
	want(t, got, []string{"[{a 1} {a} {a 2}]"})
}

func repeated(t *testing.T, r *rig) {
	var got []int
	fail := true
	bus.On(r.Bus, r.name, func(_ context.Context, ev Said) error {
		got = append(got, ev.N)
		if ev.N == 2 && fail {
			fail = false
			return errors.New("not today")
		}
		return nil
	})
	r.say(Said{"a", 1}, Said{"a", 2}, Said{"a", 3})
	if err := r.Drain(t.Context()); err == nil {
		t.Error("Drain hides the handler's error")
	}
	r.drain()
	want(t, got, []int{1, 2, 2, 3})
}

func failureInBatch(t *testing.T, r *rig) {
	var got [][]Said
	bus.OnBatch(r.Bus, r.name, func(_ context.Context, evs []Said) error {
		got = append(got, slices.Clone(evs))
		if slices.Contains(evs, Said{"bad", 2}) {
			return errors.New("cannot")
		}
		return nil
	})
	r.Tries = 2
	r.say(Said{"a", 1}, Said{"bad", 2}, Said{"a", 3})
	if err := r.Drain(t.Context()); err == nil {
		t.Error("Drain hides the handler's error")
	}
	r.drain()
	a, bad, c := Said{"a", 1}, Said{"bad", 2}, Said{"a", 3}
	want(t, got, [][]Said{{a, bad, c}, {a}, {bad}, {bad}, {c}})
}

func patient(t *testing.T, r *rig) {
	r.Tries = 2
	tries := 0
	bus.On(r.Bus, r.name, func(context.Context, Said) error {
		if tries++; tries < 10 {
			return fault.New(fault.Unavailable, "The index does not answer.")
		}
		return nil
	})
	r.say(Said{"a", 1})
	for range 9 {
		if err := r.Drain(t.Context()); !errors.Is(err, fault.Unavailable) {
			t.Errorf("Drain = %v", err)
		}
	}
	r.drain()
	if tries != 10 || len(r.dead()) != 0 {
		t.Errorf("%d tries, buried %v", tries, r.dead())
	}
}

// dead lists what this test's subscriber buried.
func (r *rig) dead() []bus.Letter {
	var out []bus.Letter
	for l, err := range r.Dead(r.t.Context()) {
		if err != nil {
			r.t.Fatal(err)
		}
		if l.Subscriber == r.name {
			out = append(out, l)
		}
	}
	return out
}

func buried(t *testing.T, r *rig) {
	r.Tries = 3
	var got []int
	broken := true
	bus.On(r.Bus, r.name, func(_ context.Context, ev Said) error {
		if ev.N < 3 && broken {
			return errors.New("broken")
		}
		got = append(got, ev.N)
		return nil
	})
	r.say(Said{"a", 1}, Said{"a", 2}, Said{"a", 3})
	for range 10 {
		_ = r.Drain(t.Context()) // fails until both are buried
	}
	want(t, got, []int{3})
	dead := r.dead()
	if len(dead) != 2 || dead[0].Event != "test.said" || dead[0].Body != `{"Who":"a","N":1}` || dead[0].Err != `test.said {"Who":"a","N":1}: broken` {
		t.Errorf("buried %+v", dead)
	}
	if n, err := r.Revive(t.Context(), r.name); n != 0 || err == nil {
		t.Errorf("Revive = %d, %v while it is broken", n, err)
	}
	broken = false
	if n, err := r.Revive(t.Context(), r.name); n != 2 || err != nil {
		t.Errorf("Revive = %d, %v", n, err)
	}
	want(t, got, []int{3, 1, 2})
	if dead := r.dead(); len(dead) != 0 {
		t.Errorf("still buried: %+v", dead)
	}
	if _, err := r.Revive(t.Context(), "nosuch"); err == nil {
		t.Error("Revive knows nosuch")
	}
}

func panics(t *testing.T, r *rig) {
	bus.On(r.Bus, r.name, func(context.Context, Said) error { panic("boom") })
	r.Tries = 1
	r.say(Said{"a", 1})
	r.drain()
	if dead := r.dead(); len(dead) != 1 {
		t.Errorf("buried %+v", dead)
	}
}
