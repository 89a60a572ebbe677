package oauth2

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"atrium/internal/infra/seal"
)

// Who is signed in is let through to a trusted client without a question, as far as its
// scope goes, but not where the client wants one, nor with a password typed long ago.
func TestATrustedClientIsNotAskedFor(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{Settings: Settings{Scope: "openid email", Trusted: true}})
		olga := g.browser("olga")
		for _, silent := range []string{"", "none"} {
			q := g.landed(olga.get(asks(c, "scope", "openid email", "prompt", silent)))
			if got := g.redeem(c, secret, q.Get("code")); got.Scope != "openid email" {
				g.Errorf("%+v", got)
			}
		}
		if q := g.landed(olga.get(asks(c, "scope", "openid files"))); q.Get("error") != "invalid_scope" {
			g.Errorf("beyond its scope: %v", q)
		}
		if w := olga.get(asks(c, "scope", "openid", "prompt", "consent")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), c.Name) {
			g.Errorf("it wants her to be asked: %d", w.Code)
		}
		g.now = g.now.Add(time.Hour)
		if w := olga.get(asks(c, "scope", "openid")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `name="password"`) {
			g.Errorf("with a password typed an hour ago: %d", w.Code)
		}
		for name, s := range map[string]Settings{"public": {Public: true, Scope: "openid"}, "without a scope": {}} {
			s.Trusted, s.Redirects = true, []string{callback}
			if _, err := g.room.Register(g.Context(), &Client{Name: "x", Settings: s}); err == nil {
				g.Errorf("%s: it is trusted", name)
			}
		}
	})
}

func TestASecretOfAClientIsChanged(t *testing.T) {
	each(t, func(g *rig) {
		c, first := g.client(Client{})
		olga := g.browser("olga")
		works := func(secret string) bool {
			w := g.post(api+"/token", "grant_type", "authorization_code", "code", olga.code(asks(c)), "client_id", c.Ident, "client_secret", secret)
			return w.Code == http.StatusOK
		}
		second, err := g.room.NewSecret(g.Context(), c, false)
		if err != nil || !works(first) || !works(second) {
			g.Errorf("within the day: %v", err)
		}
		g.now = g.now.Add(overlap + time.Second)
		olga = g.browser("olga")
		if works(first) || !works(second) {
			g.Error("a day later")
		}
		third, err := g.room.NewSecret(g.Context(), c, true)
		if err != nil || works(second) || !works(third) {
			g.Errorf("at once: %v", err)
		}
		public, _ := g.client(Client{Settings: Settings{Public: true}})
		if _, err := g.room.NewSecret(g.Context(), public, false); err == nil {
			g.Error("a public client has a secret")
		}
	})
}

func TestAClientIsChanged(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{Audience: "https://reports.example.com", Settings: Settings{Offers: "reports.read"}})
		olga := g.browser("olga")
		c.Name, c.Redirects, c.Scope = "Reports", []string{callback + "2"}, "files:read"
		if err := g.room.Change(g.Context(), c); err != nil {
			g.Fatal(err)
		}
		if w := olga.get(asks(c, "redirect_uri", callback)); w.Code != http.StatusBadRequest {
			g.Errorf("the former address: %d", w.Code)
		}
		g.redeem(c, secret, olga.code(asks(c, "scope", "files:read")))
		if got, err := g.room.People(g.Context()); err != nil || got[c.ID] != 1 || len(got) != 1 {
			g.Errorf("%v, %v", got, err)
		}
		for name, spoil := range map[string]func(c *Client){"public": func(c *Client) { c.Public = true }, "address": func(c *Client) { c.Redirects = []string{"http://example.com"} },
			"name": func(c *Client) { c.Name = "" }, "scope": func(c *Client) { c.Scope = "root" }} {
			other := *c
			spoil(&other)
			if g.room.Change(g.Context(), &other) == nil {
				g.Errorf("another %s passes", name)
			}
		}
		if got, err := g.room.Named(g.Context(), c.Ident); err != nil || got.Name != "Reports" || got.Public {
			g.Errorf("%+v, %v", got, err)
		}
	})
}

func FuzzReadKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"` + seal.Token(22) + `"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if keys, err := ReadKeys(text); err == nil && len(keys.Keys) == 0 {
			t.Error("there are no keys")
		}
	})
}
