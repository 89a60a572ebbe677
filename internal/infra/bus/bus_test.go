package bus_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"atrium/internal/infra/bus"
	"atrium/internal/infra/bus/bustest"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/lock/sqlock"
)

func TestConformance(t *testing.T) {
	dbtest.Each(t, []db.Schema{bus.Schema, sqlock.Schema}, func(t *testing.T, d *db.DB) {
		bustest.Run(t, d, func() *bus.Bus { return bustest.Quick(bus.New(d, sqlock.New(d))) })
	})
}

func TestTwoHandlersForOneKindAreAMistake(t *testing.T) {
	b := bustest.New(dbtest.SQLite(t, bus.Schema))
	on := func() { bus.On(b, "x", func(context.Context, bustest.Said) error { return nil }) }
	on()
	defer func() {
		if got := fmt.Sprint(recover()); got != "bus: x subscribes to test.said twice" {
			t.Errorf("panic %q", got)
		}
	}()
	on()
}

// A leisurely subscriber has what happens within a while at once.
func TestLeisurely(t *testing.T) {
	d := dbtest.SQLite(t, bus.Schema)
	b := bustest.New(d)
	got := make(chan int, 100)
	bus.OnBatch(b, "slow", func(_ context.Context, evs []bustest.Said) error { got <- len(evs); return nil })
	bus.On(b, "quick", func(context.Context, bustest.Said) error { return nil })
	b.Leisurely("slow", 300*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan bool)
	go func() { b.Run(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	calls := 0
	for i := range 20 {
		if err := d.Tx(ctx, func(tx *db.DB) error { return b.Publish(ctx, tx, bustest.Said{Who: "alice", N: i}) }); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; n < 20; calls++ {
		n += <-got
	}
	if calls > 5 {
		t.Errorf("20 events came in %d calls", calls)
	}
	defer func() {
		if recover() == nil {
			t.Error("nobody may be leisurely")
		}
	}()
	b.Leisurely("nobody", time.Second)
}

// BenchmarkEvent is what an event costs from Publish to the last of three
// subscribers; the transaction of 2,560 keeps fsync out of it.
func BenchmarkEvent(b *testing.B) {
	d := dbtest.SQLite(b, bus.Schema)
	x := bustest.New(d)
	for _, name := range []string{"a", "b", "c"} {
		bus.OnBatch(x, name, func(context.Context, []bustest.Said) error { return nil })
	}
	ctx := b.Context()
	for b.Loop() {
		err := d.Tx(ctx, func(tx *db.DB) error {
			for i := range 2560 {
				if err := x.Publish(ctx, tx, bustest.Said{Who: "alice", N: i}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := x.Drain(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/2560, "µs/event")
}

// Who is within a publication takes part in its transaction: what it writes is undone
// with the event, and its error undoes the event.
func TestWithin(t *testing.T) {
	d := dbtest.SQLite(t, bus.Schema)
	b, ctx := bustest.New(d), t.Context()
	var heard []string
	var refuse error
	b.Within(func(_ context.Context, tx *db.DB, ev bus.Event) error {
		if !tx.InTx() {
			t.Error("outside of the transaction")
		}
		heard = append(heard, ev.EventName())
		return refuse
	})
	bus.On(b, "x", func(context.Context, bustest.Said) error { return nil })
	publish := func() error {
		return d.Tx(ctx, func(tx *db.DB) error { return b.Publish(ctx, tx, bustest.Said{Who: "alice"}) })
	}
	if err := publish(); err != nil || len(heard) != 1 || heard[0] != "test.said" {
		t.Errorf("%v %v", heard, err)
	}
	refuse = errors.New("no")
	if err := publish(); !errors.Is(err, refuse) {
		t.Error(err)
	}
	if n, err := db.One(ctx, d, db.Scan1[int], "SELECT COUNT(*) FROM bus_event"); n != 1 || err != nil {
		t.Errorf("%d events, %v", n, err)
	}
}
