package passwords

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/throttle"
	"atrium/internal/infra/db"
)

const good = "correct horse battery"

// guarded has accounts otto and olga, a clock, and no delays.
func guarded(t *testing.T, f func(r *rig, now *time.Time)) {
	each(t, func(r *rig) {
		now := time.Now().Truncate(time.Second)
		r.Now = func() time.Time { return now }
		r.dir.Now, r.settings.Now = r.Now, r.Now
		r.dir.SlowGuesses(throttle.Guessing{First: 1, Most: 1})
		for _, uid := range []string{"otto", "olga"} {
			if _, err := r.dir.Create(t.Context(), identity.NewUser{ID: uid, Password: good}); err != nil {
				t.Fatal(err)
			}
		}
		f(r, &now)
	})
}

// login tries a password from the n-th network.
func (r *rig) login(uid, password string, n int) error {
	_, err := r.dir.SignIn(r.Context(), uid, password, netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, byte(n), 0}), 24))
	return err
}

// anew is another spelling of otto each time: a login and a password that opened the
// account before are believed without being looked at again.
func (r *rig) anew() string {
	r.spelt++
	b := []byte("otto")
	for i := range b {
		b[i] ^= byte(r.spelt>>i&1) << 5
	}
	return string(b)
}

// guess tries different wrong passwords from as many networks.
func (r *rig) guess(uid string, n int) (last error) {
	for i := range n {
		last = r.login(uid, fmt.Sprintf("a wrong one, number %d", i), i)
	}
	return last
}

// Nobody is locked out unless an administrator asks for it, and nothing is counted.
func TestNobodyIsLockedOutByDefault(t *testing.T) {
	guarded(t, func(r *rig, _ *time.Time) {
		if err := r.guess("otto", 30); !errors.Is(err, fault.Anonymous) {
			t.Errorf("a wrong one: %v", err)
		}
		if err := r.login(r.anew(), good, 99); err != nil {
			t.Errorf("the right one: %v", err)
		}
		if n, err := db.One(t.Context(), r.db, db.Scan1[int], "SELECT COUNT(*) FROM password_tries"); n != 0 || err != nil {
			t.Errorf("%d are counted, %v", n, err)
		}
	})
}

func TestLockout(t *testing.T) {
	guarded(t, func(r *rig, now *time.Time) {
		var told []string
		r.dir.Tell = func(_ context.Context, _ *db.DB, ev event.AccountChanged) error {
			told = append(told, ev.What+" "+ev.UID)
			return nil
		}
		r.set("maximumLoginAttempts", "3")
		const device = "an app password of seventy-two characters, made by the server"
		_, err := r.dir.AddToken(t.Context(), identity.Token{UID: "otto", Login: "otto", Name: "phone", Kind: identity.KindApp}, device)
		if err != nil {
			t.Fatal(err)
		}
		r.guess("otto", 2)
		if err := r.login(r.anew(), good, 9); err != nil {
			t.Errorf("after two: %v", err)
		}
		*now = now.Add(time.Hour)
		r.guess("otto", 2)
		if err := r.login("otto", good+"!", 2); !errors.Is(err, fault.Anonymous) {
			t.Errorf("the third: %v", err)
		}
		err = r.login(r.anew(), good, 9)
		var later interface{ RetryAfter() time.Duration }
		if !errors.Is(err, fault.Busy) || !errors.As(err, &later) || later.RetryAfter() != 30*time.Minute {
			t.Errorf("locked out: %v", err)
		}
		if err := r.login("otto", device, 9); err != nil {
			t.Errorf("an app password: %v", err)
		}
		if err := r.login("olga", good, 9); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		*now = now.Add(29 * time.Minute)
		if err := r.login(r.anew(), good, 9); !errors.Is(err, fault.Busy) {
			t.Errorf("before it is over: %v", err)
		}
		*now = now.Add(time.Minute)
		if err := r.login("otto", "wrong again", 9); !errors.Is(err, fault.Anonymous) {
			t.Errorf("when it is over, a wrong one: %v", err)
		}
		if err := r.login(r.anew(), good, 9); err != nil {
			t.Errorf("when it is over: %v", err)
		}
		if len(told) != 2 || told[0] != "app-password-made otto" || told[1] != "account-locked-out otto" {
			t.Errorf("told: %v", told)
		}
	})
}

func TestLockoutIsLiftedByWhoMay(t *testing.T) {
	guarded(t, func(r *rig, now *time.Time) {
		r.set("maximumLoginAttempts", "3")
		r.set("lockoutMinutes", "0")
		for what, lift := range map[string]func() error{
			"a command":      func() error { _, err := r.Unlock(t.Context(), "otto"); return err },
			"a new password": func() error { return r.dir.SetPassword(t.Context(), "otto", good) },
		} {
			r.guess("otto", 3)
			*now = now.Add(1000 * time.Hour)
			if err := r.tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := r.login(r.anew(), good, 9); !errors.Is(err, fault.Busy) {
				t.Errorf("weeks later: %v", err)
			}
			if err := lift(); err != nil {
				t.Fatal(err)
			}
			if err := r.login(r.anew(), good, 9); err != nil {
				t.Errorf("lifted by %s: %v", what, err)
			}
			*now = now.Add(time.Hour)
		}
	})
}

// A login that is no account is answered as one that is.
func TestLockoutTellsNobodyWhoExists(t *testing.T) {
	guarded(t, func(r *rig, now *time.Time) {
		r.set("maximumLoginAttempts", "3")
		for _, uid := range []string{"otto", "nobody at all"} {
			if err := r.guess(uid, 3); !errors.Is(err, fault.Anonymous) {
				t.Errorf("%s, the third: %v", uid, err)
			}
			if err := r.login(uid, "another", 9); !errors.Is(err, fault.Busy) {
				t.Errorf("%s, the fourth: %v", uid, err)
			}
		}
		*now = now.Add(25 * time.Hour)
		if err := r.tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := db.One(t.Context(), r.db, db.Scan1[int], "SELECT COUNT(*) FROM password_tries"); n != 0 || err != nil {
			t.Errorf("a day later %d are still counted, %v", n, err)
		}
	})
}

func TestExpiry(t *testing.T) {
	guarded(t, func(r *rig, now *time.Time) {
		const day = 24 * time.Hour
		r.set("expiration", "90")
		const device = "an app password of seventy-two characters, made by the server"
		_, err := r.dir.AddToken(t.Context(), identity.Token{UID: "otto", Login: "otto", Name: "phone", Kind: identity.KindApp}, device)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.login(r.anew(), good, 1); err != nil { // from here on its age is known
			t.Fatal(err)
		}
		*now = now.Add(90*day - time.Second)
		if err := r.login(r.anew(), good, 1); err != nil {
			t.Errorf("on the last day: %v", err)
		}
		*now = now.Add(time.Second)
		if err := r.login(r.anew(), good, 1); !errors.Is(err, identity.ErrExpired) || fault.Text(err) != fault.Text(identity.ErrExpired) {
			t.Errorf("too old: %v", err)
		}
		if err := r.login("otto", device, 1); err != nil {
			t.Errorf("an app password: %v", err)
		}
		if _, err := r.dir.CheckPassword(t.Context(), "otto", good, netip.Prefix{}); err != nil {
			t.Errorf("to confirm that it is otto who changes it: %v", err)
		}
		const next = "another staple and glue"
		if err := r.dir.SetPassword(t.Context(), "otto", next); err != nil {
			t.Fatal(err)
		}
		if err := r.login(r.anew(), next, 1); err != nil {
			t.Errorf("a new one: %v", err)
		}
		*now = now.Add(91 * day)
		if err := r.login(r.anew(), next, 1); !errors.Is(err, identity.ErrExpired) {
			t.Errorf("that one, later: %v", err)
		}
		r.set("expiration", "0")
		if err := r.login(r.anew(), next, 1); err != nil {
			t.Errorf("when none expires any more: %v", err)
		}
	})
}

// Clients ask for the capabilities all the time.
func TestCapabilitiesCostNoQuery(t *testing.T) {
	each(t, func(r *rig) {
		first := r.caps(t.Context(), nil)
		ctx, n := db.Count(t.Context())
		if got := r.caps(ctx, nil); got != first || n.Load() != 0 {
			t.Errorf("%+v with %d queries", got, n.Load())
		}
		r.set("minLength", "14")
		if got := fmt.Sprint(r.caps(t.Context(), nil)); got == fmt.Sprint(first) {
			t.Error("a change on this node does not show")
		}
	})
}
