package bustest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
)

// The tests of this file have nodes that serve, where the others drain.

func slow(t *testing.T, r *rig) {
	gate, first, got := make(chan bool), make(chan bool), make(chan Said)
	begun := false
	bus.On(r.Bus, r.name+"/slow", func(ctx context.Context, _ Said) error {
		if !begun {
			begun = true
			first <- true
			<-gate
		}
		return nil
	})
	bus.On(r.Bus, r.name, func(_ context.Context, ev Said) error { got <- ev; return nil })
	stop := r.run(r.Bus)
	defer stop()
	r.say(Said{"a", 0})
	<-first
	for i := range 5 {
		if i > 0 {
			r.say(Said{"a", i})
		}
		if ev := <-got; ev.N != i {
			t.Errorf("event %d, want %d", ev.N, i)
		}
	}
	lag, err := r.Lag(t.Context())
	if err != nil || lag[r.name+"/slow"] != 5 {
		t.Errorf("lag = %v, %v", lag, err)
	}
	close(gate)
}

// run serves a node until stop is called.
func (r *rig) run(b *bus.Bus) (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan bool)
	go func() { b.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

func newcomer(t *testing.T, r *rig) {
	var old, late []Said
	note(r, &old)
	r.say(Said{"a", 1})
	next := &rig{t: t, db: r.db, open: r.open, Bus: r.open(), name: r.name + "/new"}
	note(next, &late)
	next.say(Said{"a", 2})
	next.drain()
	r.drain()
	want(t, old, []Said{{"a", 1}, {"a", 2}})
	if len(late) == 0 || late[len(late)-1] != (Said{"a", 2}) { // perhaps the first as well
		t.Errorf("the new subscriber got %v", late)
	}
}

func purged(t *testing.T, r *rig) {
	got := make(chan int, 3000)
	bus.On(r.Bus, r.name, func(_ context.Context, ev Said) error { got <- ev.N; return nil })
	bus.On(r.Bus, r.name+"/other", func(context.Context, Done) error { return nil })
	for i := range 10 {
		var evs []bus.Event
		for j := range 250 {
			evs = append(evs, Said{"a", i*250 + j})
		}
		r.say(evs...)
	}
	stop := r.run(r.Bus)
	for range 2500 {
		<-got
	}
	// The last turn stays, and what is published wakes the purge.
	for i := 0; r.rows() > 300; i++ {
		r.say(Said{"a", i})
		<-got
	}
	stop()
	r.say(Said{"again", 7})
	r.drain()
	for n := range got {
		if n == 7 {
			break
		}
	}
}

func tap(t *testing.T, r *rig) {
	var got []bus.Event
	stop := r.Tap(func(ev bus.Event) { got = append(got, ev) })
	r.say(Said{"a", 1}, Done{"a"})
	err := r.db.Tx(t.Context(), func(tx *db.DB) error {
		return errors.Join(r.Publish(t.Context(), tx, Said{"never", 2}), errors.New("undo"))
	})
	if err == nil {
		t.Error("the transaction was committed")
	}
	stop()
	r.say(Said{"a", 3})
	want(t, got, []bus.Event{Said{"a", 1}, Done{"a"}})
}

// load has eight publishers on two nodes, of whose transactions every fifth is
// taken back, and subscribers that fail now and then. Nobody may lose an
// event, hear of one that was taken back, or get a publisher's out of order.
func load(t *testing.T, r *rig) {
	const publishers, each = 8, 40
	type inbox struct {
		mu     sync.Mutex
		last   map[string]int
		failed map[Said]bool
		n      int
		full   chan bool
	}
	boxes := map[string]*inbox{}
	nodes := []*bus.Bus{r.Bus, r.open()}
	for _, who := range []string{"/single", "/batch"} {
		boxes[who] = &inbox{last: map[string]int{}, failed: map[Said]bool{}, full: make(chan bool)}
	}
	take := func(box *inbox, evs ...Said) error {
		box.mu.Lock()
		defer box.mu.Unlock()
		for _, ev := range evs {
			last, seen := box.last[ev.Who]
			switch {
			case ev.N%5 == 4:
				t.Errorf("%v was taken back", ev)
			case seen && ev.N <= last:
				continue // told twice
			case ev.N > last+2 || ev.N == last+2 && ev.N%5 != 0 || !seen && ev.N != 0:
				t.Errorf("%v came after %d", ev, last)
			}
			if ev.N%7 == 3 && !box.failed[ev] {
				box.failed[ev] = true
				return errors.New("now and then")
			}
			box.last[ev.Who] = ev.N
			if box.n++; box.n == publishers*each*4/5 {
				close(box.full)
			}
		}
		return nil
	}
	for _, b := range nodes {
		bus.On(b, r.name+"/single", func(_ context.Context, ev Said) error { return take(boxes["/single"], ev) })
		bus.OnBatch(b, r.name+"/batch", func(_ context.Context, evs []Said) error { return take(boxes["/batch"], evs...) })
		defer r.run(b)()
	}
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			b := nodes[p%2]
			for i := range each {
				undo := errors.New("undo")
				err := r.db.Tx(t.Context(), func(tx *db.DB) error {
					if err := b.Publish(t.Context(), tx, Said{fmt.Sprint(p), i}); err != nil {
						return err
					}
					if i%5 == 4 {
						return undo
					}
					return nil
				})
				if err != nil && !errors.Is(err, undo) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, box := range boxes {
		<-box.full
	}
}
