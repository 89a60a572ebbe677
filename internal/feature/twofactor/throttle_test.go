package twofactor

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

func network(i int) netip.Prefix {
	return netip.MustParsePrefix("192.0." + strconv.Itoa(i) + ".0/24")
}

// node is one of several throttles over the same rows. Its clock stands still.
type node struct {
	*testing.T
	*throttle
	now *time.Time
}

func nodes(t *testing.T, f func(here, there node)) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		now := time.Unix(1_800_000_000, 0)
		atOnce := func(context.Context, time.Duration) error { return nil }
		f(node{t, &throttle{d, atOnce}, &now}, node{t, &throttle{d, atOnce}, &now})
	})
}

func (n node) clock() time.Time { return *n.now }

// wrong has so many codes been wrong before, without the waiting.
func (n node) wrong(uid string, from netip.Prefix, times int) {
	n.Helper()
	for _, net := range []string{allNetworks, from.String()} {
		_, err := n.db.Exec(n.Context(), "INSERT INTO twofactor_guess (uid, net, n, at, good) VALUES (?, ?, ?, ?, 0) {{on uid,net set n,at}}",
			uid, net, times, n.now.Unix())
		if err != nil {
			n.Fatal(err)
		}
	}
}

// guess has a code looked at that proves wrong, and tells whether it was.
func (n node) guess(g guess) bool {
	n.Helper()
	try, err := n.enter(n.Context(), g, n.clock)
	if errors.Is(err, fault.Busy) {
		return false
	}
	if err == nil {
		err = try.leave(n.Context(), errWrong, *n.now)
	}
	if err != nil {
		n.Fatal(err)
	}
	return true
}

func (n node) right(uid string, from netip.Prefix) error {
	n.Helper()
	try, err := n.enter(n.Context(), guess{uid: uid, from: from}, n.clock)
	if err == nil {
		err = try.leave(n.Context(), nil, *n.now)
	}
	return err
}

// What one node counts, the other knows, and nobody else suffers from it.
func TestWrongCodesCountOnEveryNode(t *testing.T) {
	nodes(t, func(here, there node) {
		for i, n := range []node{here, there, here} {
			if !n.guess(guess{uid: "otto", from: network(1)}) {
				t.Errorf("code %d was not looked at", i)
			}
		}
		c, err := here.count(t.Context(), here.db, "otto", network(1).String())
		if err != nil || c.wrong != 3 {
			t.Errorf("%+v, %v", c, err)
		}
		here.wrong("otto", network(1), maxWrong-1)
		if !there.guess(guess{uid: "otto", from: network(1)}) || here.guess(guess{uid: "otto", from: network(1)}) {
			t.Error("the tenth was not looked at, or the one after it was")
		}
		if there.guess(guess{uid: "otto", from: network(1), long: true}) {
			t.Error("from there a backup code was looked at")
		}
		err = there.right("otto", network(1))
		var later interface{ RetryAfter() time.Duration }
		if !errors.As(err, &later) || later.RetryAfter() != forgive {
			t.Errorf("the right one: %v", err)
		}
		if err := here.right("olga", network(1)); err != nil {
			t.Errorf("somebody else from there: %v", err)
		}
		if err := here.right("otto", network(2)); err != nil {
			t.Errorf("otto from elsewhere: %v", err)
		}
		*here.now = here.now.Add(forgive + time.Second)
		if err := there.right("otto", network(1)); err != nil {
			t.Errorf("half an hour later: %v", err)
		}
		if c, err := here.count(t.Context(), here.db, "otto", network(1).String()); err != nil || c.wrong != 0 {
			t.Errorf("after the right one: %+v, %v", c, err)
		}
	})
}

func TestGuessesFromManyNetworksLeaveTheOwnerIn(t *testing.T) {
	nodes(t, func(here, there node) {
		if err := here.right("otto", network(200)); err != nil {
			t.Fatal(err)
		}
		here.wrong("otto", network(1), maxSpread-1)
		if !here.guess(guess{uid: "otto", from: network(2)}) || here.guess(guess{uid: "otto", from: network(3)}) {
			t.Error("the hundredth was not looked at, or the one after it was")
		}
		if err := there.right("otto", network(200)); err != nil {
			t.Errorf("otto from where he was before: %v", err)
		}
		if !there.guess(guess{uid: "otto", from: network(201), long: true}) {
			t.Error("a backup code from elsewhere was not looked at")
		}
		if err := there.right("olga", network(201)); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		*here.now = here.now.Add(forgiveAll + time.Second)
		if err := here.right("otto", network(3)); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}

// Codes that are looked at side by side count before they are answered, and one
// that nobody could look at does not.
func TestParallelGuessesCountToo(t *testing.T) {
	nodes(t, func(here, there node) {
		here.wrong("otto", network(1), maxWrong-2)
		in, held := make(chan *guess, 8), []*guess{}
		for i := range 8 {
			n := []node{here, there}[i%2]
			go func() {
				try, err := n.enter(t.Context(), guess{uid: "otto", from: network(1)}, n.clock)
				if err != nil && !errors.Is(err, fault.Busy) {
					t.Error(err)
				}
				in <- try
			}()
		}
		for range 8 {
			if g := <-in; g != nil {
				held = append(held, g)
			}
		}
		if len(held) != 2 {
			t.Fatalf("%d were looked at", len(held))
		}
		for _, g := range held {
			if err := g.leave(t.Context(), fault.Unavailable, *here.now); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := here.count(t.Context(), here.db, "otto", network(1).String()); err != nil || c.wrong != maxWrong-2 {
			t.Errorf("then %+v, %v", c, err)
		}
	})
}

func TestOldGuessesAreForgotten(t *testing.T) {
	nodes(t, func(here, _ node) {
		here.wrong("otto", network(1), 5)
		if err := here.right("otto", network(2)); err != nil {
			t.Fatal(err)
		}
		rows := func() int {
			t.Helper()
			n, err := db.One(t.Context(), here.db, db.Scan1[int], "SELECT COUNT(*) FROM twofactor_guess")
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, step := range []struct {
			after time.Duration
			left  int
		}{{0, 3}, {forgiveAll + time.Second, 1}, {familiar, 0}} {
			*here.now = here.now.Add(step.after)
			if err := here.tidy(t.Context(), *here.now); err != nil || rows() != step.left {
				t.Errorf("after %s %d rows are left, want %d, %v", step.after, rows(), step.left, err)
			}
		}
	})
}

func TestDelaysGrow(t *testing.T) {
	for wrong, want := range map[int]time.Duration{0: 0, 1: 0, 2: 100 * time.Millisecond, 3: 200 * time.Millisecond, 9: 10 * time.Second} {
		if got := delay(wrong); got != want {
			t.Errorf("after %d: %s, want %s", wrong, got, want)
		}
	}
}
