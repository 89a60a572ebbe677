package twofactor

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"atrium/internal/base/fault"
)

func network(i int) netip.Prefix {
	return netip.MustParsePrefix("192.0." + strconv.Itoa(i) + ".0/24")
}

// guessed tries n wrong codes and tells how many were looked at.
func guessed(t *testing.T, th *throttle, uid string, from netip.Prefix, n int, long bool) (looked int) {
	t.Helper()
	for range n {
		try, err := th.enter(t.Context(), guess{uid: uid, from: from, long: long}, time.Now)
		if errors.Is(err, fault.Busy) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		try.leave(errWrong, time.Now())
		looked++
	}
	return looked
}

func right(t *testing.T, th *throttle, uid string, from netip.Prefix) error {
	t.Helper()
	try, err := th.enter(t.Context(), guess{uid: uid, from: from}, time.Now)
	if err == nil {
		try.leave(nil, time.Now())
	}
	return err
}

func TestWrongCodesAreSlowedDownAndHarmNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, start := newThrottle(), time.Now()
		if got := guessed(t, th, "otto", network(1), 100, false); got != maxWrong {
			t.Errorf("%d codes were looked at", got)
		}
		if took := time.Since(start); took < 20*time.Second {
			t.Errorf("they took %s", took)
		}
		if err := right(t, th, "otto", network(1)); !errors.Is(err, fault.Busy) {
			t.Errorf("the right one: %v", err)
		}
		if err := right(t, th, "olga", network(1)); err != nil {
			t.Errorf("somebody else from there: %v", err)
		}
		if err := right(t, th, "otto", network(2)); err != nil {
			t.Errorf("otto from elsewhere: %v", err)
		}
		time.Sleep(forgive + time.Minute)
		if err := right(t, th, "otto", network(1)); err != nil {
			t.Errorf("half an hour later: %v", err)
		}
	})
}

func TestGuessesFromManyNetworksLeaveTheOwnerIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
		if err := right(t, th, "otto", network(200)); err != nil {
			t.Fatal(err)
		}
		looked := 0
		for i := range 60 {
			looked += guessed(t, th, "otto", network(i), 10, false)
		}
		if looked != maxSpread {
			t.Errorf("%d codes were looked at", looked)
		}
		if err := right(t, th, "otto", network(200)); err != nil {
			t.Errorf("otto from where he was before: %v", err)
		}
		if got := guessed(t, th, "otto", network(201), 1, true); got != 1 {
			t.Error("a backup code from elsewhere was not looked at")
		}
		if err := right(t, th, "olga", network(201)); err != nil {
			t.Errorf("somebody else: %v", err)
		}
	})
}

// Requests that come at once count before they are answered.
func TestParallelGuessesCountToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, held := newThrottle(), 0
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		in := make(chan bool, 50)
		for range 50 {
			go func() {
				_, err := th.enter(ctx, guess{uid: "otto", from: network(1)}, time.Now)
				in <- err == nil
			}()
		}
		for range 50 {
			if <-in {
				held++
			}
		}
		if held != maxWrong {
			t.Errorf("%d were looked at", held)
		}
	})
}
