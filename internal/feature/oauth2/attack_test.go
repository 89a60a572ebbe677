package oauth2

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/throttle"
	"atrium/internal/infra/seal"
)

func TestAttackRedirectMismatch(t *testing.T) {
	each(t, func(g *rig) {
		c, _ := g.client(Client{Settings: Settings{Redirects: []string{callback, "http://127.0.0.1:*/cb", "http://[::1]/cb", "org.example.app:/cb"}}})
		olga := g.browser("olga")
		for _, to := range []string{callback, "http://127.0.0.1:51004/cb", "http://[::1]/cb", "org.example.app:/cb"} {
			if w := olga.get(asks(c, "redirect_uri", to)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<form") {
				g.Errorf("%s is registered: %d", to, w.Code)
			}
		}
		for what, to := range map[string]string{
			"none of several": "", "upper case": "https://client.example/CB", "upper case host": "https://CLIENT.example/cb", "longer path": callback + "/x", "path with dots": "https://client.example/x/../cb",
			"query": callback + "?x=1", "fragment": callback + "#x", "userinfo": "https://client.example@evil.example/cb", "userinfo of the host": "https://x@client.example/cb",
			"other scheme": "http://client.example/cb", "port": "https://client.example:444/cb", "suffix": "https://client.example.evil.example/cb", "escaped": "https://client.example/%63b",
			"loopback, other path": "http://127.0.0.1:51004/x", "loopback, no number": "http://127.0.0.1:51004@evil.example/cb", "loopback, star": "http://127.0.0.1:*/cb",
			"loopback, name": "http://localhost:51004/cb", "loopback without a star": "http://[::1]:51004/cb", "script": "javascript:alert(1)", "private": "org.example.app:/cb2",
		} {
			w := olga.get(asks(c, "redirect_uri", to))
			if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || strings.Contains(w.Body.String(), "<form") {
				g.Errorf("%s (%s): %d %s", what, to, w.Code, w.Header().Get("Location"))
			}
		}
	})
}

func TestAttackRedirectThatMustNotBeRegistered(t *testing.T) {
	each(t, func(g *rig) {
		for _, to := range []string{"", "nope", "/cb", "http://client.example/cb", "https://", "https://u:p@client.example/cb", callback + "#x", "javascript:alert(1)", "data:text/html,x",
			"https://client.example;script-src/cb", "https://client.example/c b", "https://client.example/\"", "http://localhost.evil.example/cb", "http://127.0.0.1:*.evil.example/", "file:///etc/passwd",
			"https://*/cb", "ms.app:/x#y", "https://client.example\\@evil.example/"} {
			if _, err := g.room.Register(g.Context(), &Client{Name: "x", Settings: Settings{Redirects: []string{to}}}); err == nil {
				g.Errorf("%q is registered", to)
			}
		}
	})
}

// TestAttackOpenRedirectInErrors asks with what cannot be, to be sent elsewhere.
func TestAttackOpenRedirectInErrors(t *testing.T) {
	each(t, func(g *rig) {
		c, _ := g.client(Client{})
		olga := g.browser("olga")
		for _, address := range []string{
			asks(c, "response_type", "token", "redirect_uri", "https://evil.example/"), asks(&Client{Ident: "nosuch"}, "redirect_uri", "https://evil.example/"),
			asks(c) + "&redirect_uri=" + url.QueryEscape(callback) + "&redirect_uri=https://evil.example/", asks(c) + "&client_id=" + c.Ident,
		} {
			for _, w := range []*httptest.ResponseRecorder{olga.get(address), g.serve(httptest.NewRequest("GET", here+address, http.NoBody))} {
				if w.Header().Get("Location") != "" {
					g.Errorf("%s leads to %s", address, w.Header().Get("Location"))
				}
			}
		}
		for _, address := range []string{asks(c, "response_type", "token"), asks(c, "state", "a&b=c#d") + "&scope=x&scope=y", asks(c, "request", "x"), asks(c, "response_mode", "fragment")} {
			if to := olga.get(address).Header().Get("Location"); !strings.HasPrefix(to, callback+"?error=") || strings.Contains(to, "#") {
				g.Errorf("%s leads to %s", address, to)
			}
		}
	})
}

func TestAttackCodeReuse(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		code := g.browser("olga").code(asks(c))
		a := g.redeem(c, secret, code)
		if got := g.refused("grant_type", "authorization_code", "code", code, "client_id", c.Ident, "client_secret", secret); got != "invalid_grant" {
			g.Errorf("the second use: %s", got)
		}
		if _, ok := g.opens(a.Access); ok {
			g.Error("the access token of the first use goes on")
		}
		if got := g.refused("grant_type", "refresh_token", "refresh_token", a.Refresh, "client_id", c.Ident, "client_secret", secret); got != "invalid_grant" {
			g.Errorf("the refresh token of the first use: %s", got)
		}
		late := g.browser("olga").code(asks(c))
		g.now = g.now.Add(codeLife)
		if got := g.refused("grant_type", "authorization_code", "code", late, "client_id", c.Ident, "client_secret", secret); got != "invalid_grant" {
			g.Errorf("after ten minutes: %s", got)
		}
	})
}

func TestAttackCodeByAnotherClient(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		thief, others := g.client(Client{})
		code := g.browser("olga").code(asks(c))
		if got := g.refused("grant_type", "authorization_code", "code", code, "client_id", thief.Ident, "client_secret", others); got != "invalid_grant" {
			g.Errorf("another client: %s", got)
		}
		if got := g.refused("grant_type", "authorization_code", "code", code, "client_id", c.Ident, "client_secret", others); got != "invalid_client" {
			g.Errorf("another secret: %s", got)
		}
		if got := g.refused("grant_type", "authorization_code", "code", code, "client_id", c.Ident); got != "invalid_client" {
			g.Errorf("no secret: %s", got)
		}
		if got := g.refused("grant_type", "authorization_code", "code", code, "client_id", c.Ident, "client_secret", secret, "redirect_uri", "https://evil.example/"); got != "invalid_grant" {
			g.Errorf("another redirect: %s", got)
		}
		g.redeem(c, secret, code)
	})
}

func TestAttackPKCE(t *testing.T) {
	each(t, func(g *rig) {
		c, _ := g.client(Client{Settings: Settings{Public: true}})
		both, secret := g.client(Client{})
		olga := g.browser("olga")
		verifier, challenge := pkce()
		for what, pairs := range map[string][]string{"missing": nil, "plain": {"code_challenge", challenge, "code_challenge_method", "plain"}, "no method": {"code_challenge", challenge},
			"short": {"code_challenge", "x", "code_challenge_method", "S256"}, "method alone": {"code_challenge_method", "S256"}} {
			if q := g.landed(olga.get(asks(c, pairs...))); q.Get("error") != "invalid_request" {
				g.Errorf("%s: %v", what, q)
			}
		}
		code := olga.code(asks(c, "code_challenge", challenge, "code_challenge_method", "S256"))
		for what, said := range map[string]string{"downgraded": "", "wrong": seal.Token(50), "the challenge": challenge, "short": "abc"} {
			if got := g.refused("grant_type", "authorization_code", "code", code, "client_id", c.Ident, "code_verifier", said); got != "invalid_grant" {
				g.Errorf("%s: %s", what, got)
			}
		}
		g.tokens("grant_type", "authorization_code", "code", code, "client_id", c.Ident, "code_verifier", verifier)
		code = olga.code(asks(both))
		if got := g.refused("grant_type", "authorization_code", "code", code, "client_id", both.Ident, "client_secret", secret, "code_verifier", verifier); got != "invalid_grant" {
			g.Errorf("a verifier without a challenge: %s", got)
		}
	})
}

func TestAttackRefreshReuse(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		thief, others := g.client(Client{})
		a := g.redeem(c, secret, g.browser("olga").code(asks(c)))
		if got := g.refused("grant_type", "refresh_token", "refresh_token", a.Refresh, "client_id", thief.Ident, "client_secret", others); got != "invalid_grant" {
			g.Errorf("another client: %s", got)
		}
		renew := []string{"grant_type", "refresh_token", "refresh_token", a.Refresh, "client_id", c.Ident, "client_secret", secret}
		b := g.tokens(renew...)
		g.now = g.now.Add(grace)
		if again := g.tokens(renew...); again != b {
			g.Errorf("a request that is repeated is answered with %+v, first %+v", again, b)
		}
		g.now = g.now.Add(time.Second)
		if got := g.refused(renew...); got != "invalid_grant" {
			g.Errorf("the second use: %s", got)
		}
		if _, ok := g.opens(b.Access); ok {
			g.Error("the family's access token goes on")
		}
		renew[3] = b.Refresh
		if got := g.refused(renew...); got != "invalid_grant" {
			g.Errorf("the family's refresh token: %s", got)
		}
	})
}

// TestAttackRepeatedRequestAfterTheNext: once the next token was used, the one before is
// no repeated request, however soon.
func TestAttackRepeatedRequestAfterTheNext(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		a := g.redeem(c, secret, g.browser("olga").code(asks(c)))
		b := g.tokens("grant_type", "refresh_token", "refresh_token", a.Refresh, "client_id", c.Ident, "client_secret", secret)
		last := g.tokens("grant_type", "refresh_token", "refresh_token", b.Refresh, "client_id", c.Ident, "client_secret", secret)
		if got := g.refused("grant_type", "refresh_token", "refresh_token", a.Refresh, "client_id", c.Ident, "client_secret", secret); got != "invalid_grant" {
			g.Errorf("the one before: %s", got)
		}
		if _, ok := g.opens(last.Access); ok {
			g.Error("the family goes on")
		}
	})
}

func TestAttackTokenOfAnotherClient(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		thief, others := g.client(Client{})
		public, _ := g.client(Client{Settings: Settings{Public: true}})
		a := g.redeem(c, secret, g.browser("olga").code(asks(c, "scope", "files:read")))
		active := func(token string, c *Client, secret string) map[string]any {
			return decoded[map[string]any](g.T, g.post(api+"/introspect", "token", token, "client_id", c.Ident, "client_secret", secret))
		}
		for _, token := range []string{a.Access, a.Refresh} {
			if said := active(token, thief, others); said["active"] != false || len(said) != 1 {
				g.Errorf("another client is told %v", said)
			}
			if w := g.post(api+"/introspect", "token", token, "client_id", public.Ident); w.Code != http.StatusBadRequest {
				g.Errorf("a public client is told %s", w.Body)
			}
			if w := g.post(api+"/revoke", "token", token, "client_id", thief.Ident, "client_secret", others); w.Code != http.StatusBadRequest {
				g.Errorf("another client revokes: %d %s", w.Code, w.Body)
			}
			if said := active(token, c, secret); said["active"] != true || said["scope"] != "files:read" || said["username"] != "olga" || said["client_id"] != c.Ident {
				g.Errorf("the client is told %v", said)
			}
		}
		own := seal.Token(72)
		for _, token := range []string{"", "unknown", own} {
			if w := g.post(api+"/revoke", "token", token, "client_id", c.Ident, "client_secret", secret); w.Code != http.StatusOK {
				g.Errorf("an unknown token: %d %s", w.Code, w.Body)
			}
		}
		b := g.redeem(c, secret, g.browser("otto").code(asks(c)))
		if _, err := g.dir.RemoveTokens(g.Context(), "otto", identity.KindApp, 0); err != nil {
			g.Fatal(err)
		}
		if active(b.Refresh, c, secret)["active"] != false {
			g.Error("the refresh token goes on when the list of devices has no access token any more")
		}
		if w := g.post(api+"/revoke", "token", a.Refresh, "client_id", c.Ident, "client_secret", secret); w.Code != http.StatusOK {
			g.Errorf("%d %s", w.Code, w.Body)
		}
		if _, ok := g.opens(a.Access); ok || active(a.Access, c, secret)["active"] != false {
			g.Error("the access token goes on when its refresh token is revoked")
		}
	})
}

// assertion signs what a client says of itself.
func signedBy(t *testing.T, key any, alg jose.SignatureAlgorithm, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAttackClientAssertion(t *testing.T) {
	each(t, func(g *rig) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			g.Fatal(err)
		}
		public := jose.JSONWebKey{Key: key.Public(), KeyID: "k1"}
		c, _ := g.client(Client{Settings: Settings{Keys: &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}}}})
		other, _ := g.client(Client{Settings: Settings{Keys: &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}}}})
		olga := g.browser("olga")
		says := func(over map[string]any) map[string]any {
			m := map[string]any{"iss": c.Ident, "sub": c.Ident, "aud": here, "exp": g.now.Add(time.Minute).Unix(), "jti": seal.Token(10)}
			for k, v := range over {
				m[k] = v
			}
			return m
		}
		code := olga.code(asks(c))
		sent := func(proof string) []string {
			return []string{"grant_type", "authorization_code", "code", code, "client_id", c.Ident, "client_assertion_type", assertionType, "client_assertion", proof}
		}
		raw := func(v any) string { b, _ := json.Marshal(v); return base64.RawURLEncoding.EncodeToString(b) }
		point, err := key.PublicKey.Bytes()
		if err != nil {
			g.Fatal(err)
		}
		stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			g.Fatal(err)
		}
		for what, proof := range map[string]string{
			"alg none":           raw(map[string]string{"alg": "none"}) + "." + raw(says(nil)) + ".",
			"the key as secret":  signedBy(g.T, point, jose.HS256, says(nil)),
			"another's key":      signedBy(g.T, stranger, jose.ES256, says(nil)),
			"another client's":   signedBy(g.T, key, jose.ES256, says(map[string]any{"iss": other.Ident, "sub": other.Ident})),
			"another issuer":     signedBy(g.T, key, jose.ES256, says(map[string]any{"iss": "x"})),
			"for another server": signedBy(g.T, key, jose.ES256, says(map[string]any{"aud": "https://evil.example"})),
			"ended":              signedBy(g.T, key, jose.ES256, says(map[string]any{"exp": g.now.Unix()})),
			"without end":        signedBy(g.T, key, jose.ES256, says(map[string]any{"exp": 0})),
			"for a year":         signedBy(g.T, key, jose.ES256, says(map[string]any{"exp": g.now.Add(9000 * time.Hour).Unix()})),
			"not yet":            signedBy(g.T, key, jose.ES256, says(map[string]any{"nbf": g.now.Add(time.Hour).Unix()})),
			"without an id":      signedBy(g.T, key, jose.ES256, says(map[string]any{"jti": ""})),
			"rubbish":            "a.b.c",
		} {
			if got := g.refused(sent(proof)...); got != "invalid_client" {
				g.Errorf("%s: %s", what, got)
			}
		}
		good := signedBy(g.T, key, jose.ES256, says(nil))
		if got := g.refused(append(sent(good), "client_secret", "x")...); got != "invalid_request" {
			g.Errorf("two ways at once: %s", got)
		}
		g.tokens(sent(good)...)
		if got := g.refused(sent(good)...); got != "invalid_client" {
			g.Errorf("the same jti again: %s", got)
		}
		if got := g.refused("grant_type", "authorization_code", "code", code, "client_id", c.Ident); got != "invalid_client" {
			g.Errorf("its name alone: %s", got)
		}
	})
}

func TestAttackClickjackingOfTheConsent(t *testing.T) {
	each(t, func(g *rig) {
		c, _ := g.client(Client{})
		for _, path := range []string{asks(c), base + "/device"} {
			h := g.browser("olga").get(path).Header()
			csp := h.Get("Content-Security-Policy")
			if !strings.Contains(csp, "frame-ancestors 'none'") || h.Get("X-Frame-Options") != "DENY" || strings.Contains(csp, "unsafe") {
				g.Errorf("%s: %s, %s", path, h.Get("X-Frame-Options"), csp)
			}
			if leads := strings.Contains(csp, "form-action 'self' nc: https://client.example"); leads != strings.Contains(path, "authorize") {
				g.Errorf("%s: %s", path, csp)
			}
		}
	})
}

func TestAttackForgedConsent(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		olga := g.browser("olga")
		f := fields(olga.get(asks(c)).Body.String())
		forged := func(change func(f url.Values, r *http.Request)) *httptest.ResponseRecorder {
			copied := url.Values{}
			for k, v := range f {
				copied[k] = v
			}
			r := httptest.NewRequest("POST", here+base+"/authorize", http.NoBody)
			r.Header.Set("Origin", here)
			change(copied, r)
			sent := httptest.NewRequest("POST", here+base+"/authorize", strings.NewReader(copied.Encode()))
			sent.Header = r.Header
			sent.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return olga.do(sent)
		}
		token := f.Get("requesttoken")
		for what, change := range map[string]func(url.Values, *http.Request){
			"without a request token":       func(f url.Values, _ *http.Request) { f.Del("requesttoken") },
			"another session's token":       func(f url.Values, _ *http.Request) { f.Set("requesttoken", g.room.Token(1)) },
			"from another site":             func(_ url.Values, r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
			"from another site, by browser": func(_ url.Values, r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		} {
			if w := forged(change); w.Code != http.StatusPreconditionFailed || w.Header().Get("Location") != "" {
				g.Errorf("%s: %d %s", what, w.Code, w.Header().Get("Location"))
			}
		}
		if w := forged(func(f url.Values, _ *http.Request) { f.Set("redirect_uri", "https://evil.example") }); w.Header().Get("Location") != "" {
			g.Errorf("another redirect in the form leads to %s", w.Header().Get("Location"))
		}
		a := g.redeem(c, secret, olga.code(asks(c)))
		r := httptest.NewRequest("POST", here+base+"/authorize", strings.NewReader(url.Values{"client_id": {c.Ident}, "response_type": {"code"}, "answer": {"yes"}, "keep": {"all"}, "requesttoken": {token}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+a.Access)
		if w := g.serve(r); w.Code != http.StatusForbidden {
			g.Errorf("an access token agrees for its owner: %d %s", w.Code, w.Header().Get("Location"))
		}
	})
}

func TestAttackGuessedSecret(t *testing.T) {
	each(t, func(g *rig) {
		g.dir.SlowGuesses(throttle.Guessing{First: time.Microsecond, Most: time.Microsecond})
		c, _ := g.client(Client{})
		status := 0
		for range 40 {
			if status = g.post(api+"/token", "grant_type", "authorization_code", "client_id", c.Ident, "client_secret", seal.Token(8)).Code; status == http.StatusTooManyRequests {
				break
			}
		}
		if status != http.StatusTooManyRequests {
			g.Errorf("forty guesses end with %d", status)
		}
	})
}

func TestAttackDeadAccount(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		code, a := g.browser("olga").code(asks(c)), g.redeem(c, secret, g.browser("olga").code(asks(c)))
		if err := g.dir.Disable(g.Context(), "olga"); err != nil {
			g.Fatal(err)
		}
		if got := g.refused("grant_type", "refresh_token", "refresh_token", a.Refresh, "client_id", c.Ident, "client_secret", secret); got != "invalid_grant" {
			g.Errorf("a locked account's token is renewed: %s", got)
		}
		if got := g.refused("grant_type", "authorization_code", "code", code, "client_id", c.Ident, "client_secret", secret); got != "invalid_grant" {
			g.Errorf("a locked account's code: %s", got)
		}
		if w := g.post(api+"/introspect", "token", a.Refresh, "client_id", c.Ident, "client_secret", secret); decoded[map[string]any](g.T, w)["active"] != false {
			g.Errorf("a locked account's token: %s", w.Body)
		}
	})
}

func FuzzScope(f *testing.F) {
	for _, s := range []string{"", "openid files:read:/A", "all", "all:read email", "files:read,write account", "files files:read:/A"} {
		f.Add(s)
	}
	rooms := []string{"files", "account"}
	f.Fuzz(func(t *testing.T, said string) {
		d, err := read(said, rooms, nil)
		if err != nil {
			return
		}
		again, err := read(d.String(), rooms, nil)
		if err != nil || again.String() != d.String() {
			t.Errorf("%q is told as %q, which reads as %q, %v", said, d, again, err)
		}
		less, err := d.narrowed(append(d.parts(), d.Claims...), who.Read, rooms, nil)
		if err == nil && less.within(d.String(), rooms) != nil {
			t.Errorf("%q narrowed is %q", d, less)
		}
	})
}

func FuzzAssertion(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	c := &Client{Settings: Settings{Keys: &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public()}}}}}
	for _, s := range []string{"", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.AAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, proof string) {
		claimedBy(proof)
		if a, err := c.verify(proof); err == nil {
			t.Errorf("%q is signed, and says %+v", proof, a)
		}
	})
}

func FuzzRedirect(f *testing.F) {
	for _, s := range []string{callback, "http://127.0.0.1:*/cb", "org.example.app:/cb", "https://x@y/", "http://[::1]:*"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, known, asked string) {
		if checkRedirect(known) != nil {
			return
		}
		c := &Client{Settings: Settings{Redirects: []string{known}}}
		to, err := c.redirect(asked)
		if err != nil {
			return
		}
		if strings.ContainsAny(origin(to), " ;,'\"\r\n") || strings.Contains(to, "#") {
			t.Errorf("%q is %q of %q", asked, origin(to), known)
		}
		if origin(to) != origin(known) && !strings.Contains(known, ":*") {
			t.Errorf("%q leads to %q", known, to)
		}
	})
}
