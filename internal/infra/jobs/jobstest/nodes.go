package jobstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/jobs"
)

// The tests of this file have schedules, and more than one node.

func recurring(t *testing.T, r *rig) {
	var got []string
	r.Every("@every 5m", "often", func(context.Context) error { got = append(got, "often"); return nil })
	r.Every("daily 13:00", "daily", func(context.Context) error { got = append(got, "daily"); return nil })
	r.drain()
	want(t, got, nil)
	r.clock.Advance(5 * time.Minute)
	r.drain()
	r.drain()
	want(t, got, []string{"often"})
	r.clock.Advance(72 * time.Hour) // what was missed is made up for once
	r.drain()
	slices.Sort(got)
	want(t, got, []string{"daily", "often", "often"})
	next, clock := New(r.db)
	clock.t = r.clock.t
	next.Every("@every 5m", "often", func(context.Context) error { got = append(got, "next"); return nil })
	clock.Advance(5 * time.Minute)
	if err := next.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	want(t, got[3:], []string{"next"})
	if r.left() != 2 {
		t.Errorf("%d rows, want 2", r.left())
	}
}

func recurringFails(t *testing.T, r *rig) {
	runs := 0
	r.Tries = 3
	r.Every("@every 1h", "k", func(context.Context) error { runs++; return errors.New("no") })
	r.drain()
	r.clock.Advance(time.Hour)
	for range 10 { // 0, 2, 6 s: then not before the next hour
		_ = r.Drain(t.Context())
		r.clock.Advance(4 * time.Second)
	}
	if runs != 3 || len(r.buried()) != 0 {
		t.Errorf("%d runs in the first minute, want 3; buried %v", runs, r.buried())
	}
	r.clock.Advance(time.Hour)
	_ = r.Drain(t.Context())
	if runs != 4 {
		t.Errorf("%d runs an hour later, want 4", runs)
	}
}

func scheduleChanges(t *testing.T, r *rig) {
	runs := 0
	f := func(context.Context) error { runs++; return nil }
	r.Every("weekly Sun 03:00", "k", f)
	r.drain()
	next, clock := New(r.db)
	next.Every("@every 1m", "k", f)
	for range 2 { // the first learns of the change
		if err := next.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		clock.Advance(time.Minute)
	}
	if err := next.Drain(t.Context()); err != nil || runs != 2 {
		t.Errorf("%d runs, want 2; %v", runs, err)
	}
}

func deadNode(t *testing.T, r *rig) {
	begun, die := make(chan bool), make(chan bool)
	k := jobs.Define(r.Queue, "k", func(context.Context, string) error { begun <- true; <-die; return nil })
	r.add(k, "x", jobs.Unique("x"))
	stop := r.run(r.Queue)
	<-begun
	next, clock := New(r.db)
	done := 0
	jobs.Define(next, "k", func(context.Context, string) error { done++; return nil })
	drain := func() {
		if err := next.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	}
	drain()
	if done != 0 {
		t.Error("a running job was taken from a living node")
	}
	clock.Advance(2 * next.Lease)
	drain()
	if done != 1 || r.left() != 0 {
		t.Errorf("done %d times, want 1; %d rows are left", done, r.left())
	}
	close(die) // the first node was not dead, but late: it changes nothing now
	stop()
	if r.left() != 0 {
		t.Errorf("%d rows are left", r.left())
	}
}

func stopped(t *testing.T, r *rig) {
	begun := make(chan bool)
	k := jobs.Define(r.Queue, "k", func(ctx context.Context, _ string) error {
		begun <- true
		<-ctx.Done()
		return context.Cause(ctx)
	})
	r.Tries = 1
	r.add(k, "x")
	stop := r.run(r.Queue)
	<-begun
	stop()
	next, _ := New(r.db)
	done := 0
	jobs.Define(next, "k", func(context.Context, string) error { done++; return nil })
	if err := next.Drain(t.Context()); err != nil || done != 1 {
		t.Errorf("done %d times by the next process, want 1; %v", done, err)
	}
}

func fair(t *testing.T, r *rig) {
	gate, got := make(chan bool), make(chan string)
	flood := jobs.Define(r.Queue, "flood", func(context.Context, string) error { <-gate; return nil })
	k := jobs.Define(r.Queue, "k", func(_ context.Context, p string) error { got <- p; return nil })
	for range 50 {
		r.add(flood, "x")
	}
	r.add(k, "1")
	stop := r.run(r.Queue)
	want(t, <-got, "1")
	close(gate)
	stop()
}

func twoNodes(t *testing.T, r *rig) {
	const n = 120
	var mu sync.Mutex
	times := map[string]int{}
	done := make(chan bool)
	do := func(_ context.Context, p string) error {
		mu.Lock()
		defer mu.Unlock()
		times[p]++
		if len(times) == n {
			select {
			case <-done:
			default:
				close(done)
			}
		}
		return nil
	}
	next, _ := New(r.db)
	kinds := []*jobs.Kind[string]{jobs.Define(r.Queue, "k", do), jobs.Define(next, "k", do)}
	defer r.run(r.Queue)()
	defer r.run(next)()
	for i := range n {
		r.add(kinds[i%2], fmt.Sprint(i))
	}
	<-done
	mu.Lock()
	defer mu.Unlock()
	for p, n := range times {
		if n != 1 {
			t.Errorf("%s was done %d times", p, n)
		}
	}
}

func badArguments(t *testing.T, r *rig) {
	k := r.note(new([]string))
	if err := k.Add(t.Context(), r.db, "x", jobs.Unique(strings.Repeat("x", 251))); !errors.Is(err, fault.Invalid) {
		t.Errorf("Add = %v, want Invalid", err)
	}
	for name, f := range map[string]func(){
		"defined twice": func() { r.note(new([]string)) },
		"schedule":      func() { r.Every("now and then", "x", nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
