package twofactor

import (
	"context"
	"encoding/base32"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/infra/db"
)

// RFC 6238, appendix B, the rows for SHA-1: eight digits there, of which ours are
// the last six.
func TestCodesOfTheStandard(t *testing.T) {
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for _, c := range []struct {
		at   int64
		want string
	}{
		{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"},
		{1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"},
	} {
		step := stepAt(time.Unix(c.at, 0))
		if got, err := codeAt(secret, step); err != nil || got != c.want[2:] {
			t.Errorf("at %d: got %s, %v, want %s", c.at, got, err, c.want[2:])
		}
		long, err := hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsEight})
		if err != nil || long != c.want {
			t.Errorf("at %d: got %s, %v, want %s", c.at, long, err, c.want)
		}
	}
}

func TestACodeIsGoodForAStepMoreOrLessAndOnce(t *testing.T) {
	each(t, func(g *rig) {
		secret := g.app("otto")
		otto, app := Caller{UID: "otto"}, totp{g.room}
		check := func(what, code string, want bool) {
			g.Helper()
			err := app.Verify(g.Context(), otto, code)
			if (err == nil) != want || err != nil && !errors.Is(err, fault.Denied) {
				g.Errorf("%s: %v", what, err)
			}
		}
		if !g.needs("otto") || g.needs("olga") {
			g.Error("otto needs a second factor, olga none")
		}
		check("that of the set-up", g.code(secret, 0), false)
		check("that of two steps later", g.code(secret, 2), false)
		check("the next one, typed in two parts", g.code(secret, 1)[:3]+" "+g.code(secret, 1)[3:], true)
		check("the next one again", g.code(secret, 1), false)
		check("one before, after a later one", g.code(secret, 0), false)
		g.now = g.now.Add(5 * time.Minute)
		check("two steps old", g.code(secret, -2), false)
		check("one step old", g.code(secret, -1), true)
		check("nothing", "", false)
		check("of another length", "0"+g.code(secret, 0), false)
		if err := app.Verify(g.Context(), Caller{UID: "olga"}, g.code(secret, 0)); !errors.Is(err, fault.Denied) {
			g.Errorf("somebody else's code: %v", err)
		}
		if err := app.Forget(g.Context(), "otto"); err != nil {
			g.Fatal(err)
		}
		check("after it was taken away", g.code(secret, 0), false)
		if g.needs("otto") {
			g.Error("otto has no factor any more")
		}
	})
}

// A new secret replaces the old one when its code was shown, not before.
func TestANewSecretComesIntoForceWhenItIsShown(t *testing.T) {
	each(t, func(g *rig) {
		old := g.app("otto")
		otto, app := Caller{UID: "otto"}, totp{g.room}
		g.now = g.now.Add(time.Hour)
		q, err := app.begin(g.Context(), otto)
		if err != nil {
			g.Fatal(err)
		}
		if err := app.Learn(g.Context(), otto, g.code(old, 0)); !errors.Is(err, fault.Denied) {
			g.Errorf("learnt by a code of the old secret: %v", err)
		}
		if err := app.Verify(g.Context(), otto, g.code(old, 0)); err != nil {
			g.Errorf("the old one: %v", err)
		}
		if err := app.Learn(g.Context(), otto, g.code(q.Secret, 0)); err != nil {
			g.Errorf("learn: %v", err)
		}
		if err := app.Verify(g.Context(), otto, g.code(old, 1)); !errors.Is(err, fault.Denied) {
			g.Errorf("the old one, replaced: %v", err)
		}
		if err := app.Verify(g.Context(), otto, g.code(q.Secret, 1)); err != nil {
			g.Errorf("the new one: %v", err)
		}
	})
}

// race sends one answer many times at once and tells how often it was taken.
func (g *rig) race(p Provider, uid, answer string) int {
	g.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 8 {
		wg.Go(func() {
			err := p.Verify(g.Context(), Caller{UID: uid}, answer)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, fault.Denied) {
				g.Error(err)
			}
		})
	}
	wg.Wait()
	return won
}

func TestOfManyWithOneCodeOneWins(t *testing.T) {
	each(t, func(g *rig) {
		secret := g.app("otto")
		g.now = g.now.Add(time.Hour)
		if got := g.race(totp{g.room}, "otto", g.code(secret, 0)); got != 1 {
			g.Errorf("code of an app: %d won", got)
		}
		for _, k := range []kind{backup, oneTime} {
			c := codes{g.room, k}
			made, err := c.make(g.Context(), "otto")
			if err != nil {
				g.Fatal(err)
			}
			if got := g.race(c, "otto", made[0]); got != 1 {
				g.Errorf("%s: %d won", c.About().Name, got)
			}
		}
	})
}

func TestCodesOnPaperAndOfAdministrators(t *testing.T) {
	each(t, func(g *rig) {
		ctx, otto := g.Context(), Caller{UID: "otto"}
		paper, once := codes{g.room, backup}, codes{g.room, oneTime}
		first, err := paper.make(ctx, "otto")
		if err != nil {
			g.Fatal(err)
		}
		if g.needs("otto") {
			g.Error("backup codes alone make no second factor necessary")
		}
		second, err := paper.make(ctx, "otto")
		if err != nil || len(second) != 10 || len(second[0]) != 16 {
			g.Fatalf("%v, %v", second, err)
		}
		if err := paper.Verify(ctx, otto, first[0]); !errors.Is(err, fault.Denied) {
			g.Errorf("a code that was replaced: %v", err)
		}
		if err := paper.Verify(ctx, Caller{UID: "olga"}, second[0]); !errors.Is(err, fault.Denied) {
			g.Errorf("somebody else's code: %v", err)
		}
		typed := strings.ToUpper(second[0][:8]) + " - " + second[0][8:]
		if err := paper.Verify(ctx, otto, typed); err != nil {
			g.Errorf("%q: %v", typed, err)
		}
		if state, err := g.room.backupState(ctx, "otto"); err != nil || state != (backupState{true, 10, 1}) {
			g.Errorf("%+v, %v", state, err)
		}

		code, err := g.room.OneTimeCode(ctx, "otto")
		if err != nil {
			g.Fatal(err)
		}
		if err := paper.Verify(ctx, otto, code); !errors.Is(err, fault.Denied) {
			g.Errorf("taken for a backup code: %v", err)
		}
		g.now = g.now.Add(48*time.Hour - time.Second)
		if has, err := once.Has(ctx, "otto"); err != nil || !has {
			g.Errorf("just before its end: %v, %v", has, err)
		}
		g.now = g.now.Add(time.Second)
		if err := once.Verify(ctx, otto, code); !errors.Is(err, fault.Denied) {
			g.Errorf("after two days: %v", err)
		}
		if _, err := g.room.OneTimeCode(ctx, "nobody"); !errors.Is(err, fault.NotFound) {
			g.Errorf("for nobody: %v", err)
		}
	})
}

func TestWhoMustShowASecondFactor(t *testing.T) {
	for _, c := range []struct {
		name   string
		p      Policy
		groups []string
		want   bool
	}{
		{"nobody must", Policy{Groups: []string{"staff"}}, []string{"staff"}, false},
		{"everybody must", Policy{Enforced: true}, nil, true},
		{"a member", Policy{Enforced: true, Groups: []string{"staff"}}, []string{"a", "staff"}, true},
		{"no member", Policy{Enforced: true, Groups: []string{"staff"}}, []string{"a"}, false},
		{"excluded", Policy{Enforced: true, Excluded: []string{"kiosk"}}, []string{"kiosk"}, false},
		{"both", Policy{Enforced: true, Groups: []string{"staff"}, Excluded: []string{"kiosk"}}, []string{"kiosk", "staff"}, false},
	} {
		if got := c.p.Demands(c.groups); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestThePolicyIsKeptAndFollowedAtOnce(t *testing.T) {
	each(t, func(g *rig) {
		ctx := g.Context()
		if g.needs("olga") {
			g.Error("nobody must yet")
		}
		if err := g.room.SetPolicy(ctx, Policy{Enforced: true, Groups: []string{"nowhere"}}); !errors.Is(err, fault.NotFound) {
			g.Errorf("a group that is not there: %v", err)
		}
		if err := g.room.SetPolicy(ctx, Policy{Enforced: true, Excluded: []string{"admin"}}); err != nil {
			g.Fatal(err)
		}
		if !g.needs("olga") || g.needs("admin") {
			g.Error("everybody must but administrators")
		}
		if err := g.room.SetPolicy(ctx, Policy{}); err != nil {
			g.Fatal(err)
		}
		if g.needs("olga") {
			g.Error("nobody must any more")
		}
	})
}

func TestNothingIsLeftOfAnAccountThatGoes(t *testing.T) {
	each(t, func(g *rig) {
		g.app("otto")
		if _, err := (codes{g.room, backup}).make(g.Context(), "otto"); err != nil {
			g.Fatal(err)
		}
		if err := g.dir.Remove(g.Context(), "otto"); err != nil {
			g.Fatal(err)
		}
		if gone, err := g.room.gone(g.Context()); err != nil || len(gone) != 0 {
			g.Errorf("left: %v, %v", gone, err)
		}
	})
}

// What oathtool 2.6 says: oathtool --totp -b JBSWY3DPEHPK3PXP -N "2026-01-01 00:00:00 UTC".
func TestCodesOfAnotherProgram(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if got, err := codeAt("JBSWY3DPEHPK3PXP", stepAt(at)); err != nil || got != "260025" {
		t.Errorf("got %s, %v", got, err)
	}
}

// The owner hears by mail, and the audit log keeps, what is gained and lost.
func TestOthersAreToldOfFactors(t *testing.T) {
	each(t, func(g *rig) {
		var got []string
		g.dir.Tell = func(_ context.Context, _ *db.DB, ev event.AccountChanged) error {
			got = append(got, ev.What+" "+ev.UID+" "+ev.Actor+": "+ev.Detail)
			return nil
		}
		ctx := g.Context()
		g.app("otto")
		g.registered()
		if _, err := g.room.OneTimeCode(ctx, "otto"); err != nil {
			g.Fatal(err)
		}
		list, err := keys{g.room}.list(ctx, "otto")
		if err != nil {
			g.Fatal(err)
		}
		if err := (keys{g.room}).remove(ctx, "otto", list[0].ID); err != nil {
			g.Error(err)
		}
		for _, p := range g.room.providers { // twice: what is not there is not lost
			for range 2 {
				if err := p.Forget(ctx, "otto"); err != nil {
					g.Error(err)
				}
			}
		}
		want := []string{
			"second-factor-on otto otto: Authenticator app", "second-factor-on otto otto: Passkey",
			"second-factor-on otto : Code from your administrator", "second-factor-off otto : Passkey",
			"second-factor-off otto : Authenticator app", "second-factor-off otto : Code from your administrator",
		}
		if d := cmp.Diff(want, got); d != "" {
			g.Errorf("(-want +got)\n%s", d)
		}
	})
}
