package identity

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db/dbtest"
)

// try makes one guess and tells how long it took.
func try(t *throttle, account, cred string, from netip.Prefix, right bool) (time.Duration, error) {
	start := time.Now()
	var f fingerprint
	copy(f[:], cred)
	a, err := t.enter(context.Background(), attempt{account: account, from: from, cred: f}, time.Now)
	if err == nil {
		a.leave(right, time.Now())
		if !right {
			err = errWrong
		}
	}
	return time.Since(start), err
}

func TestPhoneWithOldPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
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
			th.cases[caseKey{"olga", home}].wrong[key("old")].n = i + 1
		}
		if _, err := try(th, "olga", "old", home, false); !errors.Is(err, fault.Busy) {
			t.Errorf("too many: %v", err)
		}
		if took, err := try(th, "otto", "x", home, true); took != 0 || err != nil {
			t.Errorf("somebody else in the house waited %v: %v", took, err)
		}
		time.Sleep(forgive + time.Second)
		if took, err := try(th, "olga", "old", home, false); took != 0 || !errors.Is(err, fault.Anonymous) {
			t.Errorf("after a while: %v, %v", took, err)
		}
	})
}

func key(s string) (f fingerprint) { copy(f[:], s); return f }

func TestGuessing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
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
		th := newThrottle()
		var in, refused int
		results := make(chan error)
		for i := range 50 {
			go func() {
				_, err := th.enter(t.Context(), attempt{account: "olga", from: home, cred: key(string(rune('a' + i)))}, time.Now)
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
		if in > maxGuesses || refused != 50-in {
			t.Errorf("%d were tried, %d refused", in, refused)
		}
	})
}

func TestWaitingEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
		for i := range 8 {
			_, _ = try(th, "olga", string(rune('a'+i)), home, false)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := th.enter(ctx, attempt{account: "olga", from: home, cred: key("z")}, time.Now); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if g := th.cases[caseKey{"olga", home}]; g.waiting != 0 || g.trying != 0 {
			t.Errorf("left behind: %+v", g)
		}
	})
}

// A device whose app password works is let in during an attack on its account
// from its own network.
func TestWorkingDeviceDuringAnAttack(t *testing.T) {
	d, c := directory(t, dbtest.SQLite(t, Schema))
	ctx := t.Context()
	must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
	must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Kind: KindApp}, "app"))
	must[*who.Principal](t)(d.SignIn(ctx, "olga", "right", home))
	u := must[*User](t)(d.Find(ctx, "olga"))
	g := d.throttle.of(caseKey{"olga", home}, c.now)
	for i := range maxGuesses {
		g.wrong[key(string(rune('a'+i)))] = &guess{n: 1, last: c.now, stamp: u.pass}
	}
	if _, err := d.SignIn(ctx, "olga", "guess", home); !errors.Is(err, fault.Busy) {
		t.Errorf("a guess: %v", err)
	}
	c.add(5 * time.Second) // nothing is believed unseen any more
	must[*who.Principal](t)(d.SignIn(ctx, "olga", "app", home))
	must[*who.Principal](t)(d.SignIn(ctx, "olga", "right", home))
}

// company is a directory of accounts that is not ours.
type company map[string]string

func (company) Name() string { return "company" }

func (c company) Lookup(_ context.Context, login string) (*Login, error) {
	if _, ok := c[login]; !ok {
		return nil, fault.NotFound
	}
	return &Login{Subject: "uid=" + login, ID: login, Fields: map[string]string{"displayname": "Ms " + login}, Groups: []string{"staff"}}, nil
}

func (c company) Search(ctx context.Context, _ Query) iter.Seq2[*Login, error] {
	return func(yield func(*Login, error) bool) {
		for id := range c {
			if !yield(c.Lookup(ctx, id)) {
				return
			}
		}
	}
}

func (c company) Verify(ctx context.Context, login, password string) (*Login, error) {
	if c[login] != password {
		return nil, fault.Anonymous
	}
	return c.Lookup(ctx, login)
}

func (company) Manages(field string) bool { return field == "displayname" }

func TestAccountsOfASource(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		staff := company{"wilma": "pw", "willi": "pw2"}
		d.AddSource(staff)
		p := must[*who.Principal](t)(d.SignIn(ctx, "wilma", "pw", home))
		if p.Display != "Ms wilma" || len(p.Groups) != 1 || p.Groups[0] != "staff" {
			t.Errorf("adopted as %+v", p)
		}
		if _, err := d.SignIn(ctx, "wilma", "nope", home); !errors.Is(err, fault.Anonymous) {
			t.Errorf("wrong password: %v", err)
		}
		if u := must[*User](t)(d.Meet(ctx, "willi")); u.Source != "company" {
			t.Errorf("met %+v", u)
		}
		if n, err := d.Import(ctx, Query{}); n != 2 || err != nil {
			t.Errorf("imported %d, %v", n, err)
		}
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Quota: NoQuota}))
		staff["olga"] = "pw3"
		if _, err := d.Import(ctx, Query{}); !errors.Is(err, fault.Conflict) {
			t.Errorf("a name taken here: %v", err)
		}
		c.add(unusedFor + time.Minute)
		staff["wilma"] = "changed"
		if _, err := d.SignIn(ctx, "wilma", "pw", home); !errors.Is(err, fault.Anonymous) {
			t.Errorf("the old password of a source: %v", err)
		}
	})
}
