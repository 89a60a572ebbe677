package twofactor

import (
	"encoding/json"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/seal"
)

// session opens a browser's session for otto, in which the password was typed just
// now, and returns its secret and whom it stands for.
func (g *rig) session() (secret string, p *who.Principal) {
	g.Helper()
	secret = seal.Token(64)
	_, err := g.dir.AddToken(g.Context(), identity.Token{UID: "otto", Login: "otto", Kind: identity.KindSession, Confirmed: g.now}, secret)
	if err != nil {
		g.Fatal(err)
	}
	if p, err = g.dir.Session(g.Context(), secret); err != nil {
		g.Fatal(err)
	}
	return secret, p
}

func TestASessionIsGoodWithAllFactorsThatItsAccountNeeds(t *testing.T) {
	each(t, func(g *rig) {
		passed := func(what string, p *who.Principal, want bool) {
			g.Helper()
			if got, err := g.room.Passed(g.Context(), p); err != nil || got != want {
				g.Errorf("%s: %v, %v", what, got, err)
			}
		}
		secret, mine := g.session()
		_, other := g.session()
		passed("nobody needs anything", mine, true)

		status, body := g.call("POST", "/apps/twofactor_totp/settings/enable", `{"state":1}`, "", secret)
		var made struct{ Secret string }
		if err := json.Unmarshal([]byte(body), &made); err != nil || status != 200 {
			g.Fatalf("%d %s", status, body)
		}
		g.call("POST", "/apps/twofactor_totp/settings/enable", `{"state":2,"code":"000000"}`, "", secret)
		passed("after a wrong code", other, true)
		if _, body := g.call("POST", "/apps/twofactor_totp/settings/enable", `{"state":2,"code":"`+g.code(made.Secret, 0)+`"}`, "", secret); body != `{"state":2}` {
			g.Fatal(body)
		}
		passed("the one that set it up", mine, true)
		passed("another one", other, false)
		_, later := g.session()
		if err := g.room.pass(g.Context(), "otto", later.TokenID); err != nil {
			g.Fatal(err)
		}
		passed("one that showed it", later, true)
		if err := g.dir.RemoveToken(g.Context(), "otto", later.TokenID); err != nil {
			g.Fatal(err)
		}
		if err := g.room.pass(g.Context(), "otto", mine.TokenID); err != nil {
			g.Fatal(err)
		}
		clear(g.room.passed)
		passed("one that is gone", later, false)
		passed("one that passed twice", mine, true)
	})
}

// A factor that was not set up leaves no mark: when an administrator asks for one
// later, the session does not count as having shown it.
func TestAFailedSetUpLeavesNoMark(t *testing.T) {
	each(t, func(g *rig) {
		secret, p := g.session()
		g.call("POST", "/apps/twofactor_totp/settings/enable", `{"state":1}`, "", secret)
		g.call("POST", "/apps/twofactor_totp/settings/enable", `{"state":2,"code":"000000"}`, "", secret)
		g.call("POST", "/settings/personal/keys", `{"ticket":"1AAAA","credential":{}}`, "", secret)
		if err := g.room.SetPolicy(g.Context(), Policy{Enforced: true}); err != nil {
			g.Fatal(err)
		}
		if ok, err := g.room.Passed(g.Context(), p); err != nil || ok {
			g.Errorf("passed: %v, %v", ok, err)
		}
	})
}

func TestAKeyStandsForThePasswordTypedAgain(t *testing.T) {
	each(t, func(g *rig) {
		secret, _ := g.session()
		if status, body := g.call("POST", "/login/confirm/passkey/begin", "", "", secret); status != 200 || body != `{"ticket":"","options":null}` {
			g.Errorf("without a key: %d %s", status, body)
		}
		a := newAuthenticator(g.T)
		a.origin = "http://example.com"
		home := Caller{UID: "otto", Base: "http://example.com"}
		q, err := keys{g.room}.Offer(g.Context(), home)
		if err != nil {
			g.Fatal(err)
		}
		if err := (keys{g.room}).Learn(g.Context(), home, a.create(q)); err != nil {
			g.Fatal(err)
		}
		g.now = g.now.Add(time.Hour)
		if status, _ := g.call("POST", "/settings/personal/keys/begin", "", "", secret); status != 403 {
			g.Errorf("an hour after the password: %d", status)
		}
		_, body := g.call("POST", "/login/confirm/passkey/begin", "", "", secret)
		var c ceremony
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			g.Fatal(err)
		}
		answer := a.get(Question{Ticket: c.Ticket, Options: c.Options})
		if status, body := g.call("POST", "/login/confirm/passkey", answer, "", secret); status != 200 {
			g.Fatalf("with the key: %d %s", status, body)
		}
		if status, body := g.call("POST", "/settings/personal/keys/begin", "", "", secret); status != 200 {
			g.Errorf("afterwards: %d %s", status, body)
		}
		if status, _ := g.call("POST", "/login/confirm/passkey", answer, "", secret); status != 403 {
			g.Errorf("the same answer again: %d", status)
		}
	})
}
