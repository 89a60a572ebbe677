package identity

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

func TestWhereATokenWasLastUsed(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Quota: NoQuota}))
		tok := must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Kind: KindApp}, "app"))
		use := func(from netip.Prefix) { d.Seen(must[*who.Principal](t)(d.Bearer(ctx, "app")), from) }
		listed := func() *Token {
			for got, err := range d.Tokens(ctx, "olga") {
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			return nil
		}
		c.add(time.Hour)
		use(home)
		if got := listed(); got.From != home || !got.Used.Equal(c.now) {
			t.Errorf("before it is written down: %v %v", got.From, got.Used)
		}
		if err := d.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if got := must[*Token](t)(d.Token(ctx, "olga", tok.ID)); got.From != home || !got.Used.Equal(c.now) {
			t.Errorf("written down: %v %v", got.From, got.Used)
		}
		// without an address the last one known stays
		c.add(time.Hour)
		must[*who.Principal](t)(d.Bearer(ctx, "app"))
		if err := d.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if got := listed(); got.From != home || !got.Used.Equal(c.now) {
			t.Errorf("%v %v", got.From, got.Used)
		}
	})
}

func TestATokenThatNobodyUsesLapses(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Quota: NoQuota}))
		add := func(secret string) *Token {
			return must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Login: "olga", Kind: KindApp, Lapses: c.now.Add(10 * time.Minute)}, secret))
		}
		add("used")
		unused := add("unused")
		c.add(5 * time.Minute)
		must[*who.Principal](t)(d.Bearer(ctx, "used"))
		c.add(5 * time.Minute)
		must[*who.Principal](t)(d.Bearer(ctx, "used"))
		if _, err := d.Bearer(ctx, "unused"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("too late: %v", err)
		}
		c.add(time.Second)
		if err := d.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Token(ctx, "olga", unused.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("it is still there: %v", err)
		}
		must[*who.Principal](t)(d.Bearer(ctx, "used"))
	})
}

func TestAOneTimeTokenIsExchangedOnce(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
		limit := &who.Scope{Rooms: []string{who.FilesRoom}}
		add := func(secret string) {
			must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Login: "olga", Kind: KindOnce, Scope: limit, Lapses: c.now.Add(10 * time.Minute)}, secret))
		}
		add("once")
		for what, f := range map[string]func() (*who.Principal, error){
			"signs in":    func() (*who.Principal, error) { return d.SignIn(ctx, "olga", "once", home) },
			"bears":       func() (*who.Principal, error) { return d.Bearer(ctx, "once") },
			"is a cookie": func() (*who.Principal, error) { return d.Session(ctx, "once") },
		} {
			if p, err := f(); !errors.Is(err, fault.Anonymous) {
				t.Errorf("a one-time token %s: %+v, %v", what, p, err)
			}
		}
		if _, err := d.Exchange(ctx, "otto", "once", "app", "phone"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("as somebody else: %v", err)
		}
		must[*Token](t)(d.Exchange(ctx, "olga", "once", "app", "phone"))
		if p := must[*who.Principal](t)(d.Bearer(ctx, "app")); !p.Scope.Limits() {
			t.Error("the limits were lost")
		}
		if _, err := d.Exchange(ctx, "olga", "once", "app2", "phone"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("again: %v", err)
		}
		if _, err := d.Exchange(ctx, "olga", "app", "app3", "phone"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("an app password is exchanged: %v", err)
		}
		add("late")
		c.add(10 * time.Minute)
		if _, err := d.Exchange(ctx, "olga", "late", "app4", "phone"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("too late: %v", err)
		}
	})
}

func TestANewPasswordEndsAllButTheSessionThatSetIt(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
		add := func(k Kind, secret string) *Token {
			return must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Kind: k, Lapses: c.now.Add(time.Hour)}, secret))
		}
		here := add(KindSession, "here")
		add(KindSession, "there")
		add(KindApp, "app")
		add(KindOnce, "once")
		if err := d.SetPassword(ctx, "olga", "new", here.ID); err != nil {
			t.Fatal(err)
		}
		must[*who.Principal](t)(d.Session(ctx, "here"))
		must[*who.Principal](t)(d.Bearer(ctx, "app"))
		if _, err := d.Session(ctx, "there"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("another session: %v", err)
		}
		if _, err := d.Exchange(ctx, "olga", "once", "next", "phone"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("a code that was shown before: %v", err)
		}
	})
}

// Requests that last end when what they came with does.
func TestStill(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		there, _ := directory(t, d.db)
		there.Now = d.Now
		for _, cause := range []struct {
			name string
			do   func(tok *Token) error
			app  bool // an app password ends
			ses  bool // a session ends
			pass bool // who came with the password ends
		}{
			{"nothing", func(*Token) error { return nil }, false, false, false},
			{"a new password", func(*Token) error { return there.SetPassword(ctx, "olga", "new") }, false, true, true},
			{"the app password is revoked", func(tok *Token) error { return there.RemoveToken(ctx, "olga", tok.ID) }, true, false, false},
			{"its device shall be wiped", func(tok *Token) error { return there.AskWipe(ctx, "olga", tok.ID) }, true, false, false},
			{"it opens less", func(tok *Token) error {
				return there.ChangeToken(ctx, "olga", tok.ID, "x", &who.Scope{Verbs: who.Read}, time.Time{})
			}, true, false, false},
			{"all sessions end", func(*Token) error { _, err := there.RemoveTokens(ctx, "olga", KindSession, 0); return err }, false, true, false},
			{"the account is locked", func(*Token) error { return there.Disable(ctx, "olga") }, true, true, true},
			{"the account is gone", func(*Token) error { return there.Remove(ctx, "olga") }, true, true, true},
		} {
			_ = d.Remove(ctx, "olga")
			must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
			tok := must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Kind: KindApp}, "app"))
			must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Kind: KindSession}, "ses"))
			app, ses := must[*who.Principal](t)(d.Bearer(ctx, "app")), must[*who.Principal](t)(d.Session(ctx, "ses"))
			pass := must[*who.Principal](t)(d.SignIn(ctx, "olga", "right", home))
			if err := cause.do(tok); err != nil {
				t.Fatal(err)
			}
			c.add(time.Second)
			for _, w := range []struct {
				what string
				p    *who.Principal
				want bool
			}{{"app password", app, cause.app}, {"session", ses, cause.ses}, {"password", pass, cause.pass}} {
				if err := d.Still(ctx, w.p); errors.Is(err, fault.Anonymous) != w.want {
					t.Errorf("%s: %s: %v", cause.name, w.what, err)
				}
			}
		}
	})
}
