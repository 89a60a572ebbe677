package identity

import (
	"errors"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity/throttle"
	"atrium/internal/infra/db"
)

// hasty makes guesses wait for nothing, so that only their number counts.
func hasty(d *Directory) { d.SlowGuesses(throttle.Guessing{}) }

func TestGuessesAreSeenOnEveryNodeAndLiftedByOne(t *testing.T) {
	each(t, func(t *testing.T, here *Directory, c *clock) {
		ctx := t.Context()
		there, _ := directory(t, here.db)
		there.Now = here.Now
		hasty(here)
		hasty(there)
		must[*User](t)(here.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
		guess := func(d *Directory, n int) error {
			_, err := d.SignIn(ctx, "olga", "guess "+strconv.Itoa(n), home)
			return err
		}
		for n := range throttle.MaxGuesses {
			if err := guess(here, n); !errors.Is(err, fault.Anonymous) {
				t.Fatalf("guess %d: %v", n, err)
			}
		}
		want := []Delayed{{From: home, Count: throttle.MaxGuesses, Last: c.now}, {Account: "olga", From: home, Count: throttle.MaxGuesses, Last: c.now, Until: c.now.Add(throttle.Forgive)}}
		if diff := cmp.Diff(want, must[[]Delayed](t)(there.Delayed(ctx)), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if err := guess(there, 99); !errors.Is(err, fault.Busy) {
			t.Errorf("a guess at another node: %v", err)
		}
		if _, err := there.SignIn(ctx, "olga", "right", netip.MustParsePrefix("203.0.113.0/24")); err != nil {
			t.Errorf("from another network: %v", err)
		}
		// somebody lifts it in a third process
		c.add(2 * time.Second)
		if n, err := there.Forgive(ctx, home, ""); n != 2 || err != nil {
			t.Errorf("forgave %d, %v", n, err)
		}
		for _, d := range []*Directory{here, there} {
			must[*who.Principal](t)(d.SignIn(ctx, "olga", "right", home))
		}
		if left := must[[]Delayed](t)(there.Delayed(ctx)); len(left) != 0 {
			t.Errorf("left: %+v", left)
		}
	})
}

func TestTheRightPasswordClearsTheRecordEverywhere(t *testing.T) {
	each(t, func(t *testing.T, here *Directory, c *clock) {
		ctx := t.Context()
		there, _ := directory(t, here.db)
		there.Now = here.Now
		hasty(here)
		must[*User](t)(here.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
		for n := range 3 {
			_, _ = here.SignIn(ctx, "olga", "guess "+strconv.Itoa(n), home)
		}
		c.add(2 * time.Second)
		hasty(there)
		must[*who.Principal](t)(there.SignIn(ctx, "olga", "right", home))
		c.add(2 * time.Second)
		if err := here.catchUp(ctx); err != nil {
			t.Fatal(err)
		}
		if n := here.throttle.Count(throttle.Key{Account: "olga", From: home}); n != 0 {
			t.Errorf("%d guesses are remembered", n)
		}
	})
}

// A restart throttle.Forgives nobody.
func TestGuessesSurviveARestart(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		hasty(d)
		for n := range throttle.MaxGuesses {
			_, _ = d.CheckPassword(ctx, "Nobody@Home", "guess "+strconv.Itoa(n), home)
		}
		next, _ := directory(t, d.db)
		next.Now = d.Now
		if _, err := next.CheckPassword(ctx, "nobody@home", "guess", home); !errors.Is(err, fault.Busy) {
			t.Errorf("after the restart: %v", err)
		}
		for _, g := range must[[]Delayed](t)(next.Delayed(ctx)) {
			if g.Account == "nobody@home" || g.Account == "?nobody@home" {
				t.Errorf("what was typed as a login is kept: %+v", g)
			}
		}
		c.add(throttle.Forgive + time.Minute)
		if _, err := next.CheckPassword(ctx, "nobody@home", "guess", home); !errors.Is(err, fault.Anonymous) {
			t.Errorf("after a while: %v", err)
		}
		if err := next.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if n := must[int64](t)(db.One(ctx, d.db, db.Scan1[int64], "SELECT COUNT(*) FROM guess WHERE at < ?", c.now.Unix())); n != 0 {
			t.Errorf("%d old rows are left", n)
		}
	})
}

func TestNetworksThatAreLetIn(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		d.SlowGuesses(throttle.Guessing{First: time.Hour, Most: time.Hour, Free: []netip.Prefix{netip.MustParsePrefix("192.0.0.0/16")}})
		for n := range 3 * throttle.MaxGuesses {
			if _, err := d.CheckPassword(t.Context(), "olga", "guess "+strconv.Itoa(n), home); !errors.Is(err, fault.Anonymous) {
				t.Fatalf("guess %d: %v", n, err)
			}
		}
	})
}

// A good login costs one look at the table, and one a second at most.
func TestWhatTheListOfGuessesCosts(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
		cost := func(password string) int64 {
			counted, n := db.Count(ctx)
			_, _ = d.CheckPassword(counted, "olga", password, home)
			return n.Load()
		}
		first, second := cost("right"), cost("right")
		if first != second+1 {
			t.Errorf("the first login costs %d statements, one in the same second %d", first, second)
		}
		hasty(d)
		if wrong := cost("wrong"); wrong > second+4 {
			t.Errorf("a failure costs %d statements, a success %d", wrong, second)
		}
		for n := range throttle.MaxGuesses {
			cost("guess " + strconv.Itoa(n))
		}
		cost("one more")
		if refused := cost("another"); refused != 0 {
			t.Errorf("a guess that is refused costs %d statements", refused)
		}
	})
}
