package twofactor

import (
	"net/http/httptest"
	"testing"

	"atrium/internal/core/identity"
	"atrium/internal/proto/web/webtest"
)

// The exchanges of a Nextcloud 32 server, in their order: otto sets an app up, fails
// to confirm it, takes it away, and makes backup codes that an administrator takes
// away again.
func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		rules := webtest.Rules{Loose: []string{"secret", "qrUrl", "codes"}, Ours: []string{"qr", "webauthn", "admin"},
			Headers: []string{"Content-Type"}}
		for _, e := range webtest.Load(g.T, "testdata") {
			secret := ottoPassword
			if len(e.As) > 1 {
				secret = identity.AppPassword()
				if _, err := g.dir.AddToken(g.Context(), identity.Token{UID: e.As[0], Login: e.As[0], Kind: identity.KindApp}, secret); err != nil {
					g.Fatal(err)
				}
			}
			e.Request.SetBasicAuth(e.As[0], secret)
			w := httptest.NewRecorder()
			g.door.ServeHTTP(w, e.Request)
			e.Compare(g.T, w, rules)
		}
	})
}

// An app password, which sits in many a phone and program, changes no factor.
func TestAnAppPasswordChangesNoFactor(t *testing.T) {
	each(t, func(g *rig) {
		secret := identity.AppPassword()
		if _, err := g.dir.AddToken(g.Context(), identity.Token{UID: "otto", Login: "otto", Kind: identity.KindApp}, secret); err != nil {
			g.Fatal(err)
		}
		for _, c := range []struct{ method, path, body string }{
			{"POST", "/apps/twofactor_totp/settings/enable", `{"state":0}`},
			{"POST", "/apps/twofactor_totp/settings/enable", `{"state":1}`},
			{"POST", "/apps/twofactor_backupcodes/settings/create", ""},
			{"POST", "/settings/personal/keys/begin", ""},
			{"POST", "/settings/personal/keys", `{}`},
			{"PUT", "/settings/personal/keys/7", `{"name":"x"}`},
			{"DELETE", "/settings/personal/keys/7", ""},
			{"POST", "/login/confirm/passkey/begin", ""},
		} {
			if status, body := g.call(c.method, c.path, c.body, "otto", secret); status != 403 {
				g.Errorf("%s %s: %d %s", c.method, c.path, status, body)
			}
		}
		if status, body := g.call("GET", "/settings/personal/second-factors", "", "otto", secret); status != 200 {
			g.Errorf("looking: %d %s", status, body)
		}
	})
}

func TestAdministratorsChangeWhoMust(t *testing.T) {
	each(t, func(g *rig) {
		const path = "/settings/api/admin/twofactorauth"
		if status, _ := g.call("PUT", path, `{"enforced":true}`, "otto", ottoPassword); status != 403 {
			g.Errorf("by otto: %d", status)
		}
		want := `{"enforced":true,"enforcedGroups":[],"excludedGroups":["admin"]}`
		if status, body := g.call("PUT", path, want, "admin", ottoPassword); status != 200 || body != want {
			g.Errorf("set: %d %s", status, body)
		}
		if status, body := g.call("GET", path, "", "admin", ottoPassword); status != 200 || body != want {
			g.Errorf("read: %d %s", status, body)
		}
		if status, _ := g.call("GET", "/settings/personal/second-factors", "", "otto", ottoPassword); status != 401 {
			g.Errorf("otto by password alone: %d", status)
		}
		if status, _ := g.call("PUT", path, `{"enforced":true,"enforcedGroups":["nowhere"]}`, "admin", ottoPassword); status != 404 {
			g.Errorf("a group that is not there: %d", status)
		}
	})
}
