package oidc

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
)

func TestSomebodyComesInAndIsKeptUpToDate(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.Groups, g.provider.GroupFilter, g.provider.AdminGroup = true, "^(crew|pilots)$", "captains"
		g.save()
		g.liar.claims = map[string]any{"name": "Ada", "email": "ada@example.org", "quota": "1 GB", "groups": []string{"crew", "strangers", "captains"}}
		b := g.browser()
		w := b.login()
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/home/apps/files" || len(b.cookies) != 0 {
			t.Fatalf("%d %s %v %s", w.Code, w.Header().Get("Location"), b.cookies, w.Body)
		}
		u, err := g.dir.User(t.Context(), "ada")
		if err != nil || u.Display != "Ada" || u.Mail != "ada@example.org" || u.Quota != 1<<30 || u.Source != Source {
			t.Fatalf("%+v %v", u, err)
		}
		in, err := g.dir.GroupsOf(t.Context(), "ada")
		if slices.Sort(in); err != nil || !slices.Equal(in, []string{"admin", "crew"}) {
			t.Errorf("groups %v %v", in, err)
		}

		g.liar.claims = map[string]any{"name": "Ada L.", "groups": "pilots"}
		g.browser().login()
		g.now = g.now.Add(2 * time.Second)
		if u, err = g.dir.User(t.Context(), "ada"); err != nil || u.Display != "Ada L." || u.Mail != "ada@example.org" {
			t.Errorf("%+v %v", u, err)
		}
		if in, err = g.dir.GroupsOf(t.Context(), "ada"); err != nil || !slices.Equal(in, []string{"pilots"}) {
			t.Errorf("groups %v %v", in, err)
		}
	})
}

func TestWhatIsNotProvedIsRefused(t *testing.T) {
	each(t, func(g *rig) {
		weak, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		other, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		for name, lie := range map[string]func(){
			"nonce":          func() { g.liar.claims["nonce"] = "of another login" },
			"no nonce":       func() { g.liar.claims["nonce"] = nil },
			"issuer":         func() { g.liar.claims["iss"] = "https://evil.example" },
			"audience":       func() { g.liar.claims["aud"] = "another" },
			"azp":            func() { g.liar.claims["aud"], g.liar.claims["azp"] = []string{"atrium", "another"}, "another" },
			"too late":       func() { g.liar.claims["exp"] = 1_800_000_000 - 61 },
			"nobody":         func() { g.liar.claims["sub"] = nil },
			"sub is no text": func() { g.liar.claims["sub"] = map[string]string{"a": "b"} },
			"no signature":   func() { g.liar.sign = func(c []byte) string { return unsigned(`{"alg":"none"}`, c) + "." } },
			"another key": func() {
				g.liar.sign = func(c []byte) string { return g.liar.signed(`{"alg":"RS256","kid":"good"}`, c, other) }
			},
			"weak key": func() {
				g.liar.sign = func(c []byte) string { return g.liar.signed(`{"alg":"RS256","kid":"weak"}`, c, weak) }
			},
			"shared secret":     func() { g.liar.sign = func(c []byte) string { return mac(c, "client secret") } },
			"key in the header": func() { g.liar.sign = func(c []byte) string { return mac(c, "a secret that all know") } },
			"nothing":           func() { g.liar.sign = func([]byte) string { return "" } },
			"rubbish":           func() { g.liar.sign = func([]byte) string { return "a.b.c" } },
		} {
			g.liar.claims, g.liar.sign = map[string]any{}, nil
			lie()
			w := g.browser().login()
			if w.Code < 400 || w.Code >= 500 || len(g.entered) > 0 || !strings.Contains(w.Body.String(), "You are not logged in") {
				t.Errorf("%s: %d, entered %v\n%s", name, w.Code, g.entered, w.Body)
			}
		}
		if all, _, err := g.dir.CountUsers(t.Context()); err != nil || all != 0 {
			t.Errorf("%d accounts, %v", all, err)
		}
	})
}

func unsigned(header string, claims []byte) string {
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(claims)
}

func mac(claims []byte, secret string) string {
	text := unsigned(`{"alg":"HS256","kid":"shared"}`, claims)
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// RFC 9207: one that answers in the place of another gets no code.
func TestAnAnswerIsFromTheProviderThatWasAsked(t *testing.T) {
	each(t, func(g *rig) {
		for _, names := range []bool{false, true} {
			g.liar.names = names
			g.save() // which forgets what discovery said
			for _, said := range []string{"", "&iss=", "&iss=" + url.QueryEscape("https://evil.example"), "&iss=" + url.QueryEscape(g.liar.URL)} {
				b := g.browser()
				w := b.get(g.liar.agree(t, b.get("/apps/user_oidc/login/1").Header().Get("Location")) + said)
				good := strings.HasSuffix(said, url.QueryEscape(g.liar.URL)) || said == "" && !names
				if entered := w.Code == http.StatusSeeOther; entered != good || len(g.liar.asked) == 0 != good {
					t.Errorf("it names itself %t and says %q: %d, codes left %v", names, said, w.Code, g.liar.asked)
				}
			}
		}
	})
}

func TestALoginBelongsToTheBrowserThatBeganIt(t *testing.T) {
	each(t, func(g *rig) {
		victim, attacker := g.browser(), g.browser()
		w := attacker.get("/apps/user_oidc/login/1")
		back := g.liar.agree(t, w.Header().Get("Location"))
		if w := victim.get(back); w.Code != http.StatusForbidden {
			t.Errorf("another browser: %d", w.Code)
		}
		g.now = g.now.Add(flowLife + time.Second)
		if w := attacker.get(back); w.Code != http.StatusForbidden {
			t.Errorf("too late: %d", w.Code)
		}
		g.now = g.now.Add(-flowLife)
		if w := attacker.get(back); w.Code != http.StatusSeeOther {
			t.Errorf("in time: %d %s", w.Code, w.Body)
		}
		if w := attacker.get(back); w.Code != http.StatusForbidden {
			t.Errorf("twice: %d", w.Code)
		}
		for _, state := range []string{"", "x", strings.Repeat("/", 32), strings.Repeat("a", 32)} {
			if w := attacker.get("/apps/user_oidc/code?code=code&state=" + url.QueryEscape(state)); w.Code != http.StatusForbidden {
				t.Errorf("state %q: %d", state, w.Code)
			}
		}
	})
}

func TestWhatTheProviderIsAsked(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.Scope, g.provider.Mapping, g.provider.ExtraClaims = "email", map[string]string{"uid": "upn", "quota": "room | x"}, "custom"
		g.provider.Discovery += "?p=policy"
		g.save()
		w := g.browser().get("/apps/user_oidc/login/1")
		u, err := url.Parse(w.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		for name, want := range map[string]string{"scope": "openid email", "client_id": "atrium", "response_type": "code", "tenant": "1", "p": "policy",
			"redirect_uri": "https://example.com/apps/user_oidc/code", "code_challenge_method": "S256",
			"claims": `{"id_token":{"custom":null,"email":null,"groups":null,"name":null,"room":null,"upn":{"essential":true}},"userinfo":{"custom":null,"email":null,"groups":null,"name":null,"room":null,"upn":{"essential":true}}}`} {
			if got := q.Get(name); got != want {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
		}
		if len(q.Get("state")) != 32 || len(q.Get("nonce")) != 32 || len(q.Get("code_challenge")) != 43 {
			t.Errorf("%v", q)
		}
		if w := g.browser().get("http://example.com/apps/user_oidc/login/1"); w.Code != http.StatusNotFound {
			t.Errorf("without TLS: %d", w.Code)
		}
		for _, id := range []string{"2", "0", "x"} {
			if w := g.browser().get("/apps/user_oidc/login/" + id); w.Code != http.StatusNotFound {
				t.Errorf("provider %s: %d", id, w.Code)
			}
		}
		if w := g.browser().get("/apps/user_oidc/login/1?redirectUrl=https://evil.example"); w.Code != http.StatusSeeOther {
			t.Errorf("%d", w.Code)
		}
	})
}

func TestNobodyGetsAnAccountByItsNameAlone(t *testing.T) {
	each(t, func(g *rig) {
		for _, n := range []identity.NewUser{{ID: "ada", Password: "correct horse battery"}, {ID: "root", Password: "correct horse battery", Groups: []string{identity.AdminGroup}}} {
			if _, err := g.dir.Create(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
		if w := g.browser().login(); w.Code != http.StatusBadRequest || len(g.entered) > 0 {
			t.Errorf("taken: %d", w.Code)
		}
		g.set("soft_auto_provision", "1")
		if w := g.browser().login(); w.Code != http.StatusSeeOther {
			t.Errorf("adopted: %d %s", w.Code, w.Body)
		}
		g.liar.claims["sub"] = "root"
		if w := g.browser().login(); w.Code != http.StatusBadRequest || len(g.entered) != 1 {
			t.Errorf("an administrator: %d", w.Code)
		}
		if err := g.dir.Link(t.Context(), Source, "1/root", "root"); err != nil {
			t.Fatal(err)
		}
		if w := g.browser().login(); w.Code != http.StatusSeeOther {
			t.Errorf("linked by command: %d", w.Code)
		}
	})
}

func TestRulesForAccounts(t *testing.T) {
	each(t, func(g *rig) {
		g.set("disable_account_creation", "1")
		if w := g.browser().login(); w.Code != http.StatusForbidden {
			t.Errorf("nobody new: %d", w.Code)
		}
		g.set("disable_account_creation", "0")
		g.provider.GroupsOnly, g.provider.GroupFilter = true, "^crew$"
		g.save()
		for _, groups := range []any{nil, []string{"strangers"}, "crewmates"} {
			g.liar.claims["groups"] = groups
			if w := g.browser().login(); w.Code != http.StatusForbidden {
				t.Errorf("groups %v: %d", groups, w.Code)
			}
		}
		g.liar.claims["groups"] = []string{"crew"}
		if w := g.browser().login(); w.Code != http.StatusSeeOther {
			t.Errorf("crew: %d", w.Code)
		}
		if err := g.dir.Disable(t.Context(), "ada"); err != nil {
			t.Fatal(err)
		}
		if w := g.browser().login(); w.Code != http.StatusForbidden {
			t.Errorf("locked: %d", w.Code)
		}
	})
}

func TestUserInfoFillsWhatIsMissing(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.Enrich = true
		g.save()
		g.liar.claims["name"], g.liar.info = "Ada", map[string]any{"sub": "ada", "name": "Other", "email": "ada@example.org"}
		g.browser().login()
		if u, err := g.dir.User(t.Context(), "ada"); err != nil || u.Display != "Ada" || u.Mail != "ada@example.org" {
			t.Errorf("%+v %v", u, err)
		}
		g.liar.info["sub"] = "eve"
		if w := g.browser().login(); w.Code != http.StatusForbidden {
			t.Errorf("of two people: %d", w.Code)
		}
	})
}

func TestSessionsEndOnBothSides(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.TokenHint = true
		g.save()
		g.liar.claims["sid"] = "session 1"
		g.browser().login()
		g.liar.claims["sid"] = "session 2"
		g.browser().login()
		g.browser().login()
		alive := func() (n int) {
			for _, id := range g.entered {
				if _, err := g.dir.Token(t.Context(), "ada", id); err == nil {
					n++
				} else if !errors.Is(err, fault.NotFound) {
					t.Fatal(err)
				}
			}
			return n
		}
		to, err := g.room.Leaving(t.Context(), &who.Principal{ID: "ada", TokenID: g.entered[2]})
		if u, err2 := url.Parse(to); err != nil || err2 != nil || !strings.HasPrefix(to, g.liar.URL+"/end?") || u.Query().Get("client_id") != "atrium" ||
			!strings.HasSuffix(u.Query().Get("post_logout_redirect_uri"), "/login?clear=1") || strings.Count(u.Query().Get("id_token_hint"), ".") != 2 {
			t.Errorf("%s %v", to, err)
		}
		event := map[string]any{logoutEvent: map[string]any{}}
		g.liar.claims = map[string]any{}
		for name, claims := range map[string]map[string]any{
			"no event":    {"jti": "1", "sid": "session 1"},
			"a nonce":     {"jti": "1", "sid": "session 1", "events": event, "nonce": "n"},
			"no jti":      {"sid": "session 1", "events": event},
			"for another": {"jti": "1", "sid": "session 1", "events": event, "aud": "another"},
		} {
			if code := g.logout(g.liar.made(claims)); code != http.StatusBadRequest || alive() != 3 {
				t.Errorf("%s: %d, %d alive", name, code, alive())
			}
		}
		if code := g.logout(g.liar.made(map[string]any{"jti": "1", "sid": "session 1", "events": event})); code != http.StatusOK || alive() != 2 {
			t.Errorf("by session: %d, %d alive", code, alive())
		}
		if code := g.logout(g.liar.made(map[string]any{"jti": "2", "events": event})); code != http.StatusOK || alive() != 1 { // the one that left is forgotten
			t.Errorf("by person: %d, %d alive", code, alive())
		}
		if code := g.logout(g.liar.made(map[string]any{"jti": "3", "sid": "unknown", "events": event})); code != http.StatusOK {
			t.Errorf("unknown: %d", code)
		}
	})
}

func TestBearersOfTheProvidersTokens(t *testing.T) {
	each(t, func(g *rig) {
		if w := g.call(g.liar.made(nil)); w.Code != http.StatusUnauthorized {
			t.Errorf("not switched on: %d", w.Code)
		}
		g.provider.Bearer = true
		g.save()
		g.room.Folder = func(_ context.Context, _, path string) (int64, error) {
			if path != "/Photos" {
				return 0, fault.NotFound
			}
			return 7, nil
		}
		for scope, want := range map[string]string{
			"":                              `{"id":"ada","scope":null}`,
			"openid profile":                `{"id":"ada","scope":null}`,
			"openid files:read":             `{"id":"ada","scope":{"rooms":["files"],"verbs":1}}`,
			"files:read,write:/Photos":      `{"id":"ada","scope":{"rooms":["files"],"verbs":3,"folders":[7]}}`,
			"files:read:/Nowhere":           "",
			"files:fly":                     "",
			"files:read files:read:/Photos": "",
		} {
			w := g.call(g.liar.made(map[string]any{"scope": scope, "jti": scope}))
			if got := strings.TrimSpace(w.Body.String()); want == "" && w.Code != http.StatusUnauthorized || want != "" && got != want {
				t.Errorf("%q: %d %s", scope, w.Code, got)
			}
		}
		for name, claims := range map[string]map[string]any{
			"audience": {"aud": "another"}, "too late": {"exp": 1_799_999_000}, "ID token": {"nonce": "n", "at_hash": "h"},
		} {
			if w := g.call(g.liar.made(claims)); w.Code != http.StatusUnauthorized {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
		good := g.liar.made(map[string]any{"jti": "last"})
		for range 2 {
			if w := g.call(good); w.Code != http.StatusOK {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		g.now = g.now.Add(6 * time.Minute)
		if w := g.call(good); w.Code != http.StatusUnauthorized {
			t.Errorf("run out: %d", w.Code)
		}
		if err := g.dir.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for kept, err := range g.dir.Tokens(t.Context(), "ada") {
			t.Errorf("kept after it has run out: %+v %v", kept, err)
		}
		g.provider.ScopedOnly = true
		g.save()
		g.now = g.now.Add(-6 * time.Minute)
		if w := g.call(g.liar.made(map[string]any{"scope": "openid", "jti": "x"})); w.Code != http.StatusUnauthorized {
			t.Errorf("without a scope of ours: %d", w.Code)
		}
	})
}

// A second program's token opens what its scope names and nothing else: that it is
// meant for us too was the provider's administrator's word, not its owner's.
func TestBearerTokensOfAnotherProgram(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.Bearer = true
		g.save()
		claims := map[string]any{"aud": []string{"account", "atrium"}, "azp": "photos", "scope": "openid files:read", "jti": "1"}
		w := g.call(g.liar.made(claims))
		if got, want := strings.TrimSpace(w.Body.String()), `{"id":"ada","scope":{"rooms":["files"],"verbs":1}}`; w.Code != http.StatusOK || got != want {
			t.Errorf("with a scope of ours: %d %s, want %s", w.Code, got, want)
		}
		claims["scope"], claims["jti"] = "openid profile", "2"
		if w := g.call(g.liar.made(claims)); w.Code != http.StatusUnauthorized {
			t.Errorf("without: %d", w.Code)
		}
		claims["scope"], claims["jti"], claims["aud"] = "openid files:read", "3", "photos"
		if w := g.call(g.liar.made(claims)); w.Code != http.StatusUnauthorized {
			t.Errorf("not meant for us: %d", w.Code)
		}
	})
}

func TestATrialWritesNothing(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.Groups = true
		g.save()
		g.liar.claims = map[string]any{"name": "Ada", "groups": []string{"crew"}}
		g.browser().login()
		c, err := parseClaims([]byte(`{"sub":"ada","name":"Ada L.","groups":["pilots"],"quota":"5 GB","address":[]}`))
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.room.Try(t.Context(), g.provider, c)
		if err != nil || !got.Known || got.Changes["displayname"] != (vouch.Change{From: "Ada", To: "Ada L."}) || got.Quota != "5 GB" || !slices.Equal(got.Joins, []string{"pilots"}) ||
			!slices.Equal(got.Leaves, []string{"crew"}) || !slices.Equal(got.Unread, []string{"address"}) {
			t.Errorf("%+v %v", got, err)
		}
		if u, err := g.dir.User(t.Context(), "ada"); err != nil || u.Display != "Ada" {
			t.Errorf("%+v %v", u, err)
		}
	})
}
