package oauth2

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/infra/seal/keyring"
)

// TestForeignClientSignsIn lets the OAuth and OpenID libraries of others do what a
// client does, from discovery to a renewed token.
func TestForeignClientSignsIn(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		ctx := gooidc.ClientContext(g.Context(), &http.Client{Transport: transport{g}})
		provider, err := gooidc.NewProvider(ctx, here)
		if err != nil {
			g.Fatal(err)
		}
		conf := oauth2.Config{ClientID: c.Ident, ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: callback,
			Scopes: []string{"openid", "profile", "email", "groups", "offline_access", "files:read:/Photos"}}
		verifier, nonce := oauth2.GenerateVerifier(), seal.Token(20)
		address := conf.AuthCodeURL("s1", oauth2.S256ChallengeOption(verifier), gooidc.Nonce(nonce))
		back := g.browser("olga").agree(strings.TrimPrefix(address, here))
		if back.Get("state") != "s1" || back.Get("iss") != here {
			g.Errorf("came back with %v", back)
		}
		token, err := conf.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			g.Fatal(err)
		}
		raw, _ := token.Extra("id_token").(string)
		id, err := provider.Verifier(&gooidc.Config{ClientID: c.Ident, Now: g.dir.Now}).Verify(ctx, raw)
		if err != nil {
			g.Fatal(err)
		}
		if err := id.VerifyAccessToken(token.AccessToken); err != nil || id.Nonce != nonce || id.Subject != "olga" {
			g.Errorf("%+v %v", id, err)
		}
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil || info.Subject != "olga" || info.Email != "olga@oracle.example" {
			g.Errorf("%+v %v", info, err)
		}
		if s, ok := g.opens(token.AccessToken); !ok || s == nil || !slices.Equal(s.Folders, []int64{77}) || s.Verbs != who.Read || !slices.Equal(s.Rooms, []string{"files"}) {
			g.Errorf("the token is limited to %+v, %v", s, ok)
		}
		token.Expiry = time.Unix(1, 0)
		renewed, err := conf.TokenSource(ctx, token).Token()
		if err != nil || renewed.AccessToken == token.AccessToken || renewed.RefreshToken == token.RefreshToken {
			g.Errorf("%+v %v", renewed, err)
		}
		if _, ok := g.opens(renewed.AccessToken); !ok {
			g.Error("the renewed token opens nothing")
		}
	})
}

func TestAnAccessTokenIsAnAppPasswordWithAnEnd(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		a := g.redeem(c, secret, g.browser("olga").code(asks(c, "scope", "files")))
		var listed []*identity.Token
		for tok, err := range g.dir.Tokens(g.Context(), "olga") {
			if err != nil {
				g.Fatal(err)
			}
			if tok.Kind == identity.KindApp {
				listed = append(listed, tok)
			}
		}
		if len(listed) != 1 || listed[0].Name != c.Name || !listed[0].Expires.Equal(g.now.Add(accessLife)) {
			g.Fatalf("the list of devices has %+v", listed)
		}
		g.now = g.now.Add(accessLife)
		if _, ok := g.opens(a.Access); ok {
			g.Error("the token opens the account after its end")
		}
		b := g.tokens("grant_type", "refresh_token", "refresh_token", a.Refresh, "client_id", c.Ident, "client_secret", secret)
		if _, ok := g.opens(b.Access); !ok {
			g.Error("the renewed token opens nothing")
		}
		if err := g.dir.RemoveToken(g.Context(), "olga", listed[0].ID); err != nil {
			g.Fatal(err)
		}
		if _, ok := g.opens(b.Access); ok {
			g.Error("the token opens the account after it was revoked in the list of devices")
		}
		if got := g.refused("grant_type", "refresh_token", "refresh_token", b.Refresh, "client_id", c.Ident, "client_secret", secret); got != "invalid_grant" {
			g.Errorf("a revoked grant is renewed: %s", got)
		}
	})
}

func TestConsentIsNarrowedAndNeverWidened(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		olga := g.browser("olga")
		f := fields(olga.get(asks(c, "scope", "openid email offline_access files:read,write account:read,write")).Body.String())
		f["keep"] = []string{"files:read,write", "all", "groups", "account:read,write,share"}
		f.Set("readonly", "1")
		a := g.redeem(c, secret, g.landed(olga.post(base+"/authorize", f)).Get("code"))
		s, ok := g.opens(a.Access)
		if !ok || s == nil || !slices.Equal(s.Rooms, []string{"files"}) || s.Verbs != who.Read || a.Scope != "openid files:read" || a.Refresh != "" {
			g.Errorf("%+v %+v", a, s)
		}
		f = fields(olga.get(asks(c)).Body.String())
		f.Set("readonly", "1")
		a = g.redeem(c, secret, g.landed(olga.post(base+"/authorize", f)).Get("code"))
		if s, ok := g.opens(a.Access); !ok || s == nil || s.Verbs != who.Read || a.Scope != "all:read" {
			g.Errorf("%+v %+v", a, s)
		}
		f = fields(olga.get(asks(c)).Body.String())
		f.Set("answer", "no")
		if q := g.landed(olga.post(base+"/authorize", f)); q.Get("error") != "access_denied" || q.Get("state") != "s1" || q.Has("code") {
			g.Errorf("declined: %v", q)
		}
	})
}

func TestScopesThatCannotBeGranted(t *testing.T) {
	each(t, func(g *rig) {
		c, _ := g.client(Client{Settings: Settings{Scope: "openid files:read,write:/Photos"}})
		olga := g.browser("olga")
		for _, scope := range []string{"openid moon", "files:fly", "files:write", "all", "files", "files:read", "files:read:/Other", "files:read,write,share:/Photos", "openid email",
			"files:read:/Photos/../Other", "account:read"} {
			if q := g.landed(olga.get(asks(c, "scope", scope))); q.Get("error") != "invalid_scope" {
				g.Errorf("%s: %v", scope, q)
			}
		}
		if q := olga.agree(asks(c, "scope", "files:read:/Photos/Gone")); q.Get("error") != "invalid_scope" {
			g.Errorf("a folder that is not there: %v", q)
		}
	})
}

// TestWhoAgreedIsNotAskedAgain holds for clients that can show who they are, while the
// access that was agreed to lasts.
func TestWhoAgreedIsNotAskedAgain(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		olga := g.browser("olga")
		address := asks(c, "scope", "openid", "prompt", "none")
		if q := g.landed(olga.get(address)); q.Get("error") != "consent_required" {
			g.Errorf("first: %v", q)
		}
		a := g.redeem(c, secret, olga.code(asks(c, "scope", "openid")))
		if q := g.landed(olga.get(address)); q.Get("code") == "" {
			g.Errorf("second: %v", q)
		}
		if q := g.landed(olga.get(asks(c, "scope", "openid email", "prompt", "none"))); q.Get("error") != "consent_required" {
			g.Errorf("more than before: %v", q)
		}
		g.post(api+"/revoke", "token", a.Access, "client_id", c.Ident, "client_secret", secret)
		if q := g.landed(olga.get(address)); q.Get("error") != "consent_required" {
			g.Errorf("after it was revoked: %v", q)
		}
		if q := g.landed((&browser{g, "none"}).get(address)); q.Get("error") != "login_required" {
			g.Errorf("a stranger: %v", q)
		}
	})
}

func TestThePasswordIsTypedAgainWhenItWasLongAgo(t *testing.T) {
	each(t, func(g *rig) {
		c, _ := g.client(Client{})
		olga := g.browser("olga")
		for _, address := range []string{asks(c, "prompt", "login"), asks(c, "max_age", "0")} {
			g.now = g.now.Add(2 * time.Minute)
			page := olga.get(address).Body.String()
			f := fields(page)
			if !strings.Contains(page, `type="password"`) {
				g.Errorf("%s: no password is asked for", address)
			}
			for _, typed := range []string{"", "wrong"} {
				f.Set("password", typed)
				if w := olga.post(base+"/authorize", f); w.Code != http.StatusOK || w.Header().Get("Location") != "" {
					g.Errorf("with the password %q: %d %s", typed, w.Code, w.Header().Get("Location"))
				}
			}
			f.Set("password", password)
			if q := g.landed(olga.post(base+"/authorize", f)); q.Get("code") == "" {
				g.Errorf("with the right password: %v", q)
			}
		}
	})
}

// TestTokensForAnotherServer are checked there by our keys, and open nothing here.
func TestTokensForAnotherServer(t *testing.T) {
	each(t, func(g *rig) {
		const reports = "https://reports.example.com"
		g.client(Client{Name: "Reports", Audience: reports, Settings: Settings{Offers: "reports.read reports.write"}})
		c, secret := g.client(Client{})
		olga := g.browser("olga")
		a := g.redeem(c, secret, olga.code(asks(c, "scope", "reports.read offline_access", "resource", reports)))
		claims := g.checked(a.Access, "at+jwt")
		if claims["aud"] != reports || claims["sub"] != "olga" || claims["client_id"] != c.Ident || claims["scope"] != "offline_access reports.read" || claims["iss"] != here {
			g.Errorf("the token says %v", claims)
		}
		if _, ok := g.opens(a.Access); ok {
			g.Error("a token for another server opens the account here")
		}
		if b := g.tokens("grant_type", "refresh_token", "refresh_token", a.Refresh, "client_id", c.Ident, "client_secret", secret); g.checked(b.Access, "at+jwt")["aud"] != reports {
			g.Errorf("renewed: %+v", b)
		}
		for what, address := range map[string]string{
			"invalid_scope":  asks(c, "scope", "files:read", "resource", reports),
			"invalid_target": asks(c, "resource", "https://elsewhere.example"),
		} {
			if q := g.landed(olga.get(address)); q.Get("error") != what {
				g.Errorf("%s: %v", address, q)
			}
		}
		tight, _ := g.client(Client{Settings: Settings{Scope: "openid"}})
		if q := g.landed(olga.get(asks(tight, "scope", "reports.read", "resource", reports))); q.Get("error") != "invalid_target" {
			g.Errorf("a client that may ask for openid only: %v", q)
		}
	})
}

// checked verifies a JWT by the keys that we tell, and returns its claims.
func (g *rig) checked(token, kind string) map[string]any {
	g.Helper()
	keys := decoded[jose.JSONWebKeySet](g.T, g.call(base+"/jwks", ""))
	signed, err := jose.ParseSignedCompact(token, keyring.Algorithms())
	if err != nil {
		g.Fatalf("%v in %s", err, token)
	}
	head := signed.Signatures[0].Header
	if head.ExtraHeaders["typ"] != kind || len(keys.Key(head.KeyID)) != 1 {
		g.Fatalf("signed as %+v, keys %+v", head, keys)
	}
	text, err := signed.Verify(keys.Key(head.KeyID)[0])
	if err != nil {
		g.Fatal(err)
	}
	claims, err := unmarshalled(text)
	if err != nil {
		g.Fatal(err)
	}
	return claims
}

func TestKeysAreReplacedAndToldUntilTheirLastTokenEnds(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		olga := g.browser("olga")
		first := g.redeem(c, secret, olga.code(asks(c, "scope", "openid"))).ID
		if err := g.room.ring().Rotate(g.Context(), jose.ES256, 0); err != nil {
			g.Fatal(err)
		}
		second := g.redeem(c, secret, olga.code(asks(c, "scope", "openid"))).ID
		g.checked(first, "JWT")
		g.checked(second, "JWT")
		g.now = g.now.Add(keyOverlap)
		if err := g.room.sweep(g.Context()); err != nil {
			g.Fatal(err)
		}
		if keys := decoded[jose.JSONWebKeySet](g.T, g.call(base+"/jwks", "")); len(keys.Keys) != 1 {
			g.Errorf("%d keys are told", len(keys.Keys))
		}
		g.checked(second, "JWT")
	})
}

func TestADeviceIsLetInByACodeThatIsTyped(t *testing.T) {
	each(t, func(g *rig) {
		c, _ := g.client(Client{Settings: Settings{Public: true}})
		olga := g.browser("olga")
		begun := decoded[map[string]any](g.T, g.post(api+"/device", "client_id", c.Ident, "scope", "files:read"))
		secret, typed := begun["device_code"].(string), begun["user_code"].(string)
		poll := []string{"grant_type", deviceGrant, "device_code", secret, "client_id", c.Ident}
		if got := g.refused(poll...); got != "authorization_pending" {
			g.Errorf("too early: %s", got)
		}
		if got := g.refused(poll...); got != "slow_down" {
			g.Errorf("too often: %s", got)
		}
		if w := olga.types("BBBB-BBBB"); !strings.Contains(w.Body.String(), `role="alert"`) {
			g.Errorf("a code that nobody shows: %s", w.Body)
		}
		page := olga.types(strings.ToLower(strings.ReplaceAll(typed, "-", " "))).Body.String()
		if !strings.Contains(page, "Photo Printer") {
			g.Fatalf("the page is %s", page)
		}
		if w := olga.post(base+"/device", fields(page)); !strings.Contains(w.Body.String(), "Account connected") {
			g.Fatalf("%d %s", w.Code, w.Body)
		}
		a := g.tokens(poll...)
		if s, ok := g.opens(a.Access); !ok || s == nil || s.Verbs != who.Read {
			g.Errorf("the device's token is limited to %+v", s)
		}
		if got := g.refused(poll...); got != "invalid_grant" {
			g.Errorf("a device code that was used: %s", got)
		}
		if _, ok := g.opens(a.Access); ok {
			g.Error("a device code that was used twice does not end what it gave")
		}
		begun = decoded[map[string]any](g.T, g.post(api+"/device", "client_id", c.Ident))
		f := fields(olga.types(begun["user_code"].(string)).Body.String())
		f.Set("answer", "no")
		olga.post(base+"/device", f)
		if got := g.refused("grant_type", deviceGrant, "device_code", begun["device_code"].(string), "client_id", c.Ident); got != "access_denied" {
			g.Errorf("declined: %s", got)
		}
	})
}

// types enters a code into the page for devices.
func (b *browser) types(code string) *httptest.ResponseRecorder {
	f := fields(b.get(base + "/device").Body.String())
	f.Del("answer")
	f.Set("user_code", code)
	return b.post(base+"/device", f)
}

func TestLogoutThatAClientAsksFor(t *testing.T) {
	each(t, func(g *rig) {
		const out = "https://client.example/bye"
		c, secret := g.client(Client{Settings: Settings{Logouts: []string{out}}})
		olga := g.browser("olga")
		hint := g.redeem(c, secret, olga.code(asks(c, "scope", "openid"))).ID
		q := url.Values{"post_logout_redirect_uri": {out}, "client_id": {c.Ident}, "state": {"x"}}
		if w := olga.get(base + "/logout?" + q.Encode()); w.Code != http.StatusOK || g.left != 0 || !strings.Contains(w.Body.String(), "<form") {
			g.Errorf("without an ID token nobody was asked: %d", w.Code)
		}
		q.Set("id_token_hint", hint)
		if w := g.browser("otto").get(base + "/logout?" + q.Encode()); w.Code != http.StatusOK || g.left != 0 {
			g.Errorf("somebody else's ID token logs out: %d", w.Code)
		}
		q.Set("post_logout_redirect_uri", "https://evil.example/bye")
		if w := olga.get(base + "/logout?" + q.Encode()); w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
			g.Errorf("an address that is not registered: %d", w.Code)
		}
		q.Set("post_logout_redirect_uri", out)
		if w := olga.get(base + "/logout?" + q.Encode()); w.Header().Get("Location") != out+"?state=x" || g.left != 1 {
			g.Errorf("%d %s", w.Code, w.Header().Get("Location"))
		}
		q.Del("id_token_hint")
		otto := g.browser("otto")
		f := fields(otto.get(base + "/logout?" + q.Encode()).Body.String())
		if w := otto.post(base+"/logout", f); w.Header().Get("Location") != out+"?state=x" || g.left != 2 {
			g.Errorf("after a yes: %d %s", w.Code, w.Body)
		}
	})
}

func TestWhatEndedIsForgotten(t *testing.T) {
	each(t, func(g *rig) {
		c, secret := g.client(Client{})
		a := g.redeem(c, secret, g.browser("olga").code(asks(c)))
		g.browser("olga").code(asks(c))
		g.post(api+"/device", "client_id", c.Ident, "client_secret", secret)
		g.tokens("grant_type", "refresh_token", "refresh_token", a.Refresh, "client_id", c.Ident, "client_secret", secret)
		g.now = g.now.Add(refreshLife + time.Hour)
		if err := g.room.sweep(g.Context()); err != nil {
			g.Fatal(err)
		}
		g.rows(0)
		g.redeem(c, secret, g.browser("olga").code(asks(c)))
		if err := g.dir.Remove(g.Context(), "olga"); err != nil {
			g.Fatal(err)
		}
		g.rows(0)
	})
}

// rows counts what is kept of grants.
func (g *rig) rows(want int64) {
	g.Helper()
	for _, table := range []string{"oauth2_grant", "oauth2_refresh", "oauth2_code", "oauth2_device"} {
		if n, err := db.One(g.Context(), g.room.db, db.Scan1[int64], "SELECT COUNT(*) FROM "+table); err != nil || n != want {
			g.Errorf("%s has %d rows, %v", table, n, err)
		}
	}
}
