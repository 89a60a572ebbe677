// Package jobstest holds what the queue must do, as tests that run over any
// database, and makes queues for the tests of rooms.
package jobstest

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
)

// Clock is a time that tests set forward.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Advance sets the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// New makes a queue for a test of something else, quiet and with a clock that
// stands still. Call its Drain where jobs should have been done.
func New(d *db.DB) (*jobs.Queue, *Clock) {
	c := &Clock{t: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)} // a Monday
	q := jobs.New(d)
	q.Now, q.Log, q.Poll = c.Now, slog.New(slog.DiscardHandler), 10*time.Millisecond
	return q, c
}

// Run tests queues over d, a database with the tables of jobs, which are
// emptied before each test.
func Run(t *testing.T, d *db.DB) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *rig)
	}{
		{"done once, with its parameters", doneOnce},
		{"rolled back is never done", rolledBack},
		{"after a while", afterAWhile},
		{"failure is repeated later", repeated},
		{"unavailable is not buried", patient},
		{"buried and revived", buried},
		{"panic", panics},
		{"again", again},
		{"unique", unique},
		{"unique while one runs", uniqueRunning},
		{"unique sees what the adder wrote", uniqueSees},
		{"recurring", recurring},
		{"recurring fails", recurringFails},
		{"schedule changes", scheduleChanges},
		{"dead node", deadNode},
		{"stopped", stopped},
		{"one kind leaves room for others", fair},
		{"two nodes", twoNodes},
		{"bad arguments", badArguments},
		{"a part that is off", resting},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, table := range []string{"job", "job_dead"} {
				if _, err := d.Exec(t.Context(), "DELETE FROM "+table); err != nil {
					t.Fatal(err)
				}
			}
			q, clock := New(d)
			c.test(t, &rig{t, q, clock, d})
		})
	}
}

type rig struct {
	t *testing.T
	*jobs.Queue
	clock *Clock
	db    *db.DB
}

// note defines a kind that remembers what was done.
func (r *rig) note(got *[]string) *jobs.Kind[string] {
	return jobs.Define(r.Queue, "note", func(_ context.Context, p string) error {
		*got = append(*got, p)
		return nil
	})
}

func (r *rig) add(k *jobs.Kind[string], p string, opts ...jobs.Option) {
	r.t.Helper()
	if err := k.Add(r.t.Context(), r.db, p, opts...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) drain() {
	r.t.Helper()
	if err := r.Drain(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) left() int64 {
	r.t.Helper()
	n, err := db.One(r.t.Context(), r.db, db.Scan1[int64], "SELECT COUNT(*) FROM job")
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// run serves a queue until stop is called.
func (r *rig) run(q *jobs.Queue) (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan bool)
	go func() { q.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

func want[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func doneOnce(t *testing.T, r *rig) {
	type params struct {
		Node int64
		Name string
	}
	var got []params
	k := jobs.Define(r.Queue, "params", func(_ context.Context, p params) error {
		got = append(got, p)
		return nil
	})
	for i := range 40 {
		if err := k.Add(t.Context(), r.db, params{int64(i), "ä"}); err != nil {
			t.Fatal(err)
		}
	}
	n, err := r.Backlog(t.Context())
	if err != nil || n["params"] != 40 {
		t.Errorf("backlog %v, %v", n, err)
	}
	r.drain()
	r.drain()
	slices.SortFunc(got, func(a, b params) int { return int(a.Node - b.Node) })
	if len(got) != 40 || got[39] != (params{39, "ä"}) || r.left() != 0 {
		t.Errorf("did %d, %d rows are left; %v", len(got), r.left(), got)
	}
}

func rolledBack(t *testing.T, r *rig) {
	var got []string
	k := r.note(&got)
	undo := errors.New("undo")
	err := r.db.Tx(t.Context(), func(tx *db.DB) error {
		return errors.Join(k.Add(t.Context(), tx, "never"), undo)
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	r.drain()
	want(t, got, nil)
}

func afterAWhile(t *testing.T, r *rig) {
	var got []string
	k := r.note(&got)
	r.add(k, "later", jobs.After(time.Hour))
	r.add(k, "now")
	r.drain()
	want(t, got, []string{"now"})
	r.clock.Advance(time.Hour)
	r.drain()
	want(t, got, []string{"now", "later"})
}

func repeated(t *testing.T, r *rig) {
	tries := 0
	k := jobs.Define(r.Queue, "k", func(context.Context, string) error {
		if tries++; tries < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	r.add(k, "x")
	for want, pause := range []time.Duration{0, 2 * time.Second, 4 * time.Second} {
		r.clock.Advance(pause - 1)
		_ = r.Drain(t.Context()) // too early
		if tries != want {
			t.Errorf("%d tries before its time, want %d", tries, want)
		}
		r.clock.Advance(1 + time.Millisecond)
		if err := r.Drain(t.Context()); (err == nil) != (want == 2) {
			t.Errorf("try %d: %v", want+1, err)
		}
	}
	if tries != 3 || r.left() != 0 {
		t.Errorf("%d tries, %d rows are left", tries, r.left())
	}
}

func patient(t *testing.T, r *rig) {
	r.Tries = 2
	tries := 0
	k := jobs.Define(r.Queue, "k", func(context.Context, string) error {
		if tries++; tries < 8 {
			return fault.New(fault.Unavailable, "The index does not answer.")
		}
		return nil
	})
	r.add(k, "x")
	for range 8 {
		_ = r.Drain(t.Context())
		r.clock.Advance(time.Hour)
	}
	if tries != 8 || r.left() != 0 || len(r.buried()) != 0 {
		t.Errorf("%d tries, %d rows are left, buried %v", tries, r.left(), r.buried())
	}
}

func (r *rig) buried() []jobs.Dead {
	var out []jobs.Dead
	for x, err := range r.Buried(r.t.Context()) {
		if err != nil {
			r.t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

func buried(t *testing.T, r *rig) {
	r.Tries = 3
	broken, done := true, 0
	k := jobs.Define(r.Queue, "k", func(context.Context, string) error {
		if broken {
			return errors.New("broken")
		}
		done++
		return nil
	})
	r.add(k, "x", jobs.Unique("x"))
	for range 5 {
		_ = r.Drain(t.Context())
		r.clock.Advance(time.Hour)
	}
	dead := r.buried()
	if len(dead) != 1 || dead[0].Kind != "k" || dead[0].Body != `"x"` || dead[0].Err != "broken" || r.left() != 0 {
		t.Fatalf("buried %+v, %d rows are left", dead, r.left())
	}
	broken = false
	if n, err := r.Revive(t.Context(), dead[0].ID); n != 1 || err != nil {
		t.Errorf("Revive = %d, %v", n, err)
	}
	if n, err := r.Revive(t.Context(), dead[0].ID); n != 0 || !errors.Is(err, fault.NotFound) {
		t.Errorf("second Revive = %d, %v", n, err)
	}
	r.drain()
	if done != 1 || len(r.buried()) != 0 {
		t.Errorf("done %d times, buried %v", done, r.buried())
	}
}

func panics(t *testing.T, r *rig) {
	k := jobs.Define(r.Queue, "k", func(context.Context, string) error { panic("boom") })
	r.Tries = 1
	r.add(k, "x")
	if err := r.Drain(t.Context()); err == nil || !strings.Contains(err.Error(), "panic: boom") {
		t.Errorf("Drain = %v", err)
	}
	if dead := r.buried(); len(dead) != 1 {
		t.Errorf("buried %+v", dead)
	}
}

func again(t *testing.T, r *rig) {
	parts := 0
	k := jobs.Define(r.Queue, "k", func(context.Context, string) error {
		if parts++; parts < 3 {
			return jobs.Again(time.Minute)
		}
		return nil
	})
	r.Tries = 1
	r.add(k, "x", jobs.Unique("x"))
	for want := 1; want <= 3; want++ {
		r.drain()
		if parts != want {
			t.Errorf("%d parts, want %d", parts, want)
		}
		r.clock.Advance(time.Minute)
	}
	if r.left() != 0 {
		t.Errorf("%d rows are left", r.left())
	}
}

func unique(t *testing.T, r *rig) {
	var got []string
	k := r.note(&got)
	other := jobs.Define(r.Queue, "other", func(_ context.Context, p string) error { got = append(got, "other "+p); return nil })
	r.add(k, "1", jobs.Unique("a"))
	r.add(k, "2", jobs.Unique("a"))
	r.add(k, "3", jobs.Unique("b"))
	r.add(k, "4")
	r.add(k, "5")
	r.add(other, "6", jobs.Unique("a"))
	r.drain()
	slices.Sort(got)
	want(t, got, []string{"1", "3", "4", "5", "other 6"})
	r.add(k, "7", jobs.Unique("a"))
	r.drain()
	want(t, got[5:], []string{"7"})
}

// uniqueRunning: while one runs, one more may wait, and it waits for the end.
func uniqueRunning(t *testing.T, r *rig) {
	begun, gate := make(chan string), make(chan bool)
	var mu sync.Mutex
	inside := 0
	k := jobs.Define(r.Queue, "k", func(_ context.Context, p string) error {
		mu.Lock()
		if inside++; inside > 1 {
			t.Error("two of one key run at once")
		}
		mu.Unlock()
		begun <- p
		<-gate
		mu.Lock()
		inside--
		mu.Unlock()
		return nil
	})
	other := jobs.Define(r.Queue, "other", func(_ context.Context, p string) error { begun <- p; return nil })
	r.Now = time.Now
	defer r.run(r.Queue)()
	r.add(k, "1", jobs.Unique("a"))
	want(t, <-begun, "1")
	r.add(k, "2", jobs.Unique("a"))
	r.add(k, "3", jobs.Unique("a"))
	r.add(other, "other")
	want(t, <-begun, "other")
	gate <- true
	want(t, <-begun, "2")
	gate <- true
	r.add(other, "end")
	want(t, <-begun, "end")
}

// uniqueSees: a job that waits already is no reason to add none, unless it is
// sure to see what this transaction writes.
func uniqueSees(t *testing.T, r *rig) {
	if r.db.Dialect() == db.SQLite {
		return // one writer: a claim cannot come between
	}
	var got []int64
	k := jobs.Define(r.Queue, "k", func(ctx context.Context, _ string) error {
		n, err := db.One(ctx, r.db, db.Scan1[int64], "SELECT COUNT(*) FROM job_dead")
		got = append(got, n)
		return err
	})
	r.add(k, "1", jobs.Unique("a"))
	added, commit, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		done <- r.db.Tx(t.Context(), func(tx *db.DB) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO job_dead (id, kind, died, lane, body, error) VALUES (1, '', 0, '', '', '')")
			if err == nil {
				err = k.Add(t.Context(), tx, "2", jobs.Unique("a"))
			}
			added <- true
			<-commit
			return err
		})
	}()
	<-added
	drained := make(chan error)
	go func() { drained <- r.Drain(t.Context()) }()
	commit <- true
	if err := errors.Join(<-done, <-drained); err != nil {
		t.Fatal(err)
	}
	r.drain()
	if len(got) == 0 || got[len(got)-1] != 1 {
		t.Errorf("the last run saw %v, want the committed row", got)
	}
}
