package saml

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/core/identity"
)

func TestSomebodyComesInAndIsKeptUpToDate(t *testing.T) {
	each(t, func(g *rig) {
		g.configure("saml-attribute-mapping-displayName_mapping", "given sn", "saml-attribute-mapping-email_mapping", "mail", "saml-attribute-mapping-quota_mapping", "quota",
			"saml-attribute-mapping-group_mapping", "groups")
		if err := g.dir.CreateGroup(t.Context(), "own", ""); err != nil {
			t.Fatal(err)
		}
		b := g.browser()
		w := b.login(answer{attributes: map[string][]string{"uid": {" ada "}, "given": {"Ada"}, "sn": {"Lovelace"}, "mail": {"ada@example.org"}, "quota": {"1 GB"}, "groups": {"crew", "a,b"}}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/home/apps/files" || len(b.cookies) != 0 {
			t.Fatalf("%d %s %v %s", w.Code, w.Header().Get("Location"), b.cookies, w.Body)
		}
		u, err := g.dir.User(t.Context(), "ada")
		if err != nil || u.Display != "Ada Lovelace" || u.Mail != "ada@example.org" || u.Quota != 1<<30 || u.Source != Source {
			t.Fatalf("%+v %v", u, err)
		}
		in, err := g.dir.GroupsOf(t.Context(), "ada")
		if slices.Sort(in); err != nil || !slices.Equal(in, []string{"SAML_a,b", "SAML_crew"}) {
			t.Errorf("groups %v %v", in, err)
		}
		if group, err := g.dir.Group(t.Context(), "SAML_crew"); err != nil || group.Display != "crew" {
			t.Errorf("%+v %v", group, err)
		}
		if err := g.dir.AddMember(t.Context(), "own", "ada"); err != nil {
			t.Fatal(err)
		}
		g.browser().login(answer{attributes: map[string][]string{"uid": {"ada"}, "given": {"Augusta"}, "quota": {"rubbish"}}})
		g.now = g.now.Add(2 * time.Second)
		if u, err = g.dir.User(t.Context(), "ada"); err != nil || u.Display != "Augusta" || u.Mail != "ada@example.org" || u.Quota != 1<<30 {
			t.Errorf("%+v %v", u, err)
		}
		if in, err = g.dir.GroupsOf(t.Context(), "ada"); err != nil || !slices.Equal(in, []string{"own"}) {
			t.Errorf("groups %v %v", in, err)
		}
	})
}

func TestNamesAreMadeSafe(t *testing.T) {
	c := &Config{ID: 1, values: map[string]string{"general-uid_mapping": "uid"}}
	for in, want := range map[string]string{"Ann-Sofie Åkesson": "Ann-Sofie_Akesson", "AQIDBAUGBwgJCgsMDQ4PEA==": "04030201-0605-0807-090A-0B0C0D0E0F10", "../etc": "..etc"} {
		o, err := c.outcome(attributes{"uid": {in}})
		if err != nil || o.login.ID != want {
			t.Errorf("%s: %+v %v, want %s", in, o, err, want)
		}
	}
	for _, in := range []attributes{{}, {"uid": nil}, {"uid": {"  "}}, {"uid": {"///"}}} {
		if o, err := c.outcome(in); err == nil {
			t.Errorf("%v: %+v", in, o)
		}
	}
}

func TestGroupsDecideWhoComesIn(t *testing.T) {
	each(t, func(g *rig) {
		g.configure("saml-attribute-mapping-group_mapping", "groups", "saml-user-filter-require_groups", "crew, pilots", "saml-user-filter-reject_groups", "banned")
		for _, groups := range [][]string{nil, {"strangers"}, {"crew", "banned"}} {
			g.refused(g.browser().login(answer{attributes: map[string][]string{"uid": {"ada"}, "groups": groups}}))
		}
		if w := g.browser().login(answer{attributes: map[string][]string{"uid": {"ada"}, "groups": {"pilots"}}}); w.Code != http.StatusSeeOther {
			t.Errorf("%d %s", w.Code, w.Body)
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
		root := answer{attributes: map[string][]string{"uid": {"root"}}}
		g.refused(g.browser().login(answer{}))
		g.set("general-require_provisioned_account", "1")
		g.refused(g.browser().login(root))
		g.refused(g.browser().login(answer{attributes: map[string][]string{"uid": {"new"}}}))
		if w := g.browser().login(answer{}); w.Code != http.StatusSeeOther {
			t.Errorf("provisioned: %d %s", w.Code, w.Body)
		}
		if err := g.dir.Link(t.Context(), Source, "1/root", "root"); err != nil {
			t.Fatal(err)
		}
		if w := g.browser().login(root); w.Code != http.StatusSeeOther {
			t.Errorf("linked by command: %d %s", w.Code, w.Body)
		}
		if err := g.dir.Disable(t.Context(), "ada"); err != nil {
			t.Fatal(err)
		}
		g.entered = nil
		g.refused(g.browser().login(answer{}))
	})
}

func TestWhatTheProviderIsAsked(t *testing.T) {
	each(t, func(g *rig) {
		g.configure("sp-privateKey", keys()[2].privatePEM(), "sp-x509cert", keys()[2].pem(), "security-authnRequestsSigned", "1", "idp-passthroughParameters", "hint")
		ask, q := g.browser().begin()
		if ask.AssertionConsumerServiceURL != ourACS || ask.Issuer.Value != ourName || ask.Destination != "https://id.example.org/sso?tenant=1" || q.Get("tenant") != "1" || len(ask.ID) != idLength {
			t.Errorf("%+v %v", ask, q)
		}
		u := g.browser().get(base + "/login?hint=us").Header().Get("Location")
		_, query, _ := strings.Cut(u, "?")
		if !strings.Contains(query, "hint=us&") {
			t.Errorf("%s", u)
		}
		own := &Config{values: map[string]string{"idp-x509cert": keys()[2].pem()}}
		if err := own.querySigned(query, "SAMLRequest"); err != nil {
			t.Errorf("%v", err)
		}
		if err := own.querySigned(strings.Replace(query, "SAMLRequest=", "SAMLRequest=x", 1), "SAMLRequest"); err == nil {
			t.Errorf("a changed request is taken")
		}
		g.configure("general-is_saml_request_using_post", "1")
		w := g.browser().get(base + "/login")
		if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, `action="https://id.example.org/sso?`) || strings.Contains(body, "<script") ||
			!strings.Contains(w.Header().Get("Content-Security-Policy"), "form-action 'self' nc: https://id.example.org") {
			t.Errorf("%d %s %s", w.Code, w.Header(), body)
		}
		g.set("type", "")
		for _, path := range []string{"/login", "/selectUserBackEnd", "/notProvisioned", "/notPermitted", "/error?reason=authFailed"} {
			g.refused(g.browser().get(base + path))
		}
		if doors, err := g.room.Doors(t.Context(), ""); err != nil || len(doors) != 0 {
			t.Errorf("%v %v", doors, err)
		}
	})
}

func TestDoorsOnTheLoginPage(t *testing.T) {
	each(t, func(g *rig) {
		if got, err := g.room.Doors(t.Context(), "/a"); err != nil || !slices.Equal(got, []Door{{"SAML", base + "/login?idp=1&originalUrl=%2Fa", true}}) {
			t.Errorf("%v %v", got, err)
		}
		two, err := g.room.Create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range g.config.values {
			two.values[k] = v
		}
		two.values["general-idp0_display_name"] = "Two"
		if err := g.room.Save(t.Context(), two); err != nil {
			t.Fatal(err)
		}
		if got, err := g.room.Doors(t.Context(), "/a"); err != nil || !slices.Equal(got, []Door{{"SAML", base + "/selectUserBackEnd?redirectUrl=%2Fa", true}}) {
			t.Errorf("%v %v", got, err)
		}
		if body := g.browser().get(base + "/selectUserBackEnd?redirectUrl=%2Fa").Body.String(); !strings.Contains(body, "idp=2&amp;originalUrl=%2Fa\">Two</a>") || strings.Contains(body, "direct=1") {
			t.Errorf("%s", body)
		}
		g.set("general-allow_multiple_user_back_ends", "1")
		if got, err := g.room.Doors(t.Context(), ""); err != nil || !slices.Equal(got, []Door{{"SAML", base + "/login?idp=1", false}, {"Two", base + "/login?idp=2", false}}) {
			t.Errorf("%v %v", got, err)
		}
		if body := g.browser().get(base + "/selectUserBackEnd").Body.String(); !strings.Contains(body, "direct=1") {
			t.Errorf("%s", body)
		}
	})
}

func TestKeysAreChangedWithoutAGap(t *testing.T) {
	each(t, func(g *rig) {
		next := answer{signer: keys()[1]}
		g.refused(g.browser().login(next))
		g.configure("idp-x509cert", keys()[0].pem()+keys()[1].pem())
		for _, a := range []answer{{}, next} {
			if w := g.browser().login(a); w.Code != http.StatusSeeOther {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
	})
}

func TestAssertionsMayBeEncrypted(t *testing.T) {
	each(t, func(g *rig) {
		g.refused(g.browser().login(answer{encrypt: true})) // there is no key
		g.configure("sp-privateKey", keys()[2].privatePEM(), "sp-x509cert", keys()[2].pem(), "security-wantAssertionsEncrypted", "1")
		g.refused(g.browser().login(answer{}))
		g.refused(g.browser().login(answer{encrypt: true, bare: true}))
		for _, a := range []answer{{encrypt: true}, {encrypt: true, whole: true, bare: true}, {encrypt: true, whole: true}} {
			if w := g.browser().login(a); w.Code != http.StatusSeeOther {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		stored, err := g.room.Config(t.Context(), 1)
		if err != nil || stored.shown("sp-privateKey") != hidden || stored.get("sp-privateKey") != keys()[2].privatePEM() {
			t.Errorf("%v", err)
		}
	})
}

func TestWhatHasToBeSigned(t *testing.T) {
	each(t, func(g *rig) {
		for _, c := range []struct {
			messages, assertions string
			a                    answer
			in                   bool
		}{
			{"0", "0", answer{}, true}, {"0", "0", answer{whole: true, bare: true}, true}, {"0", "0", answer{bare: true}, false},
			{"1", "0", answer{}, false}, {"1", "0", answer{whole: true, bare: true}, true},
			{"0", "1", answer{whole: true, bare: true}, false}, {"1", "1", answer{whole: true}, true},
		} {
			g.configure("security-wantMessagesSigned", c.messages, "security-wantAssertionsSigned", c.assertions)
			if w := g.browser().login(c.a); (w.Code == http.StatusSeeOther) != c.in {
				t.Errorf("%+v: %d", c, w.Code)
			}
		}
	})
}
