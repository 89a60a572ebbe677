package throttle

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"atrium/internal/base/fault"
)

var home = netip.MustParsePrefix("192.0.2.0/24")

var errWrong = fault.New(fault.Anonymous, "wrong")

// try makes one guess and tells how long it took.
func try(t *Throttle, account, cred string, from netip.Prefix, right bool) (time.Duration, error) {
	start := time.Now()
	var f Print
	copy(f[:], cred)
	a, err := t.Enter(context.Background(), Attempt{Key: Key{account, from}, Cred: f}, time.Now)
	if err == nil {
		a.Leave(right, time.Now())
		if !right {
			err = errWrong
		}
	}
	return time.Since(start), err
}

func TestPhoneWithOldPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := New()
		want := []time.Duration{0, 200, 400, 800, 1600, 3200, 6400, 12800, 25000, 25000, 25000}
		for i, ms := range want {
			took, err := try(th, "olga", "old", home, false)
			if took != ms*time.Millisecond && i > 0 || !errors.Is(err, fault.Anonymous) {
				t.Errorf("repetition %d: %v, %v; want %v", i, took, err, ms*time.Millisecond)
			}
			if took, err := try(th, "olga", "right", home, true); took != 0 || err != nil {
				t.Errorf("the right password waited %v: %v", took, err)
			}
			// the right password cleared the record, so bring it back
			_, _ = try(th, "olga", "old", home, false)
			th.cases[Key{"olga", home}].wrong[key("old")].n = i + 1
		}
		if _, err := try(th, "olga", "old", home, false); !errors.Is(err, fault.Busy) {
			t.Errorf("too many: %v", err)
		}
		if took, err := try(th, "otto", "x", home, true); took != 0 || err != nil {
			t.Errorf("somebody else in the house waited %v: %v", took, err)
		}
		time.Sleep(Forgive + time.Second)
		if took, err := try(th, "olga", "old", home, false); took != 0 || !errors.Is(err, fault.Anonymous) {
			t.Errorf("after a while: %v, %v", took, err)
		}
	})
}

func key(s string) (f Print) { copy(f[:], s); return f }

func TestGuessing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := New()
		for i, ms := range []time.Duration{0, 0, 200, 400, 800, 1600, 3200, 6400, 12800, 25000} {
			if took, err := try(th, "olga", string(rune('a'+i)), home, false); took != ms*time.Millisecond || !errors.Is(err, fault.Anonymous) {
				t.Errorf("guess %d: %v, %v; want %v", i, took, err, ms*time.Millisecond)
			}
		}
		_, err := try(th, "olga", "right", home, true)
		var busy busyFor
		if !errors.Is(err, fault.Busy) || !errors.As(err, &busy) || busy.RetryAfter() <= 0 {
			t.Errorf("the eleventh: %v", err)
		}
		if took, err := try(th, "olga", "right", netip.MustParsePrefix("198.51.100.0/24"), true); took != 0 || err != nil {
			t.Errorf("from elsewhere: %v, %v", took, err)
		}
	})
}

// Guesses made at the same time do not get around the delay.
func TestParallelGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := New()
		var in, refused int
		results := make(chan error)
		for i := range 50 {
			go func() {
				_, err := th.Enter(t.Context(), Attempt{Key: Key{"olga", home}, Cred: key(string(rune('a' + i)))}, time.Now)
				results <- err
			}()
		}
		for range 50 {
			if err := <-results; err == nil {
				in++
			} else {
				refused++
			}
		}
		if in > MaxGuesses || refused != 50-in {
			t.Errorf("%d were tried, %d refused", in, refused)
		}
	})
}

func TestWaitingEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := New()
		for i := range 8 {
			_, _ = try(th, "olga", string(rune('a'+i)), home, false)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := th.Enter(ctx, Attempt{Key: Key{"olga", home}, Cred: key("z")}, time.Now); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if g := th.cases[Key{"olga", home}]; g.waiting != 0 || g.trying != 0 {
			t.Errorf("left behind: %+v", g)
		}
	})
}
