package saml

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// alive are the sessions that have not ended.
func (g *rig) alive() (all []int64) {
	g.Helper()
	for _, id := range g.entered {
		if _, err := g.dir.Token(g.Context(), "ada", id); err == nil {
			all = append(all, id)
		} else if !errors.Is(err, fault.NotFound) {
			g.Fatal(err)
		}
	}
	return all
}

// goodbye is a request of the provider to end sessions.
func (g *rig) goodbye(name string, indexes ...string) *etree.Element {
	var more strings.Builder
	for _, i := range indexes {
		more.WriteString("<samlp:SessionIndex>" + i + "</samlp:SessionIndex>")
	}
	return parsed(fmt.Sprintf(`<samlp:LogoutRequest xmlns:samlp="%s" xmlns:saml="%s" ID="%s" Version="2.0" IssueInstant="%s" Destination="https://example.com%s/sls">`+
		`<saml:Issuer>%s</saml:Issuer><saml:NameID>%s</saml:NameID>%s</samlp:LogoutRequest>`, protocolNS, assertionNS, newID(), g.now.UTC().Format(time.RFC3339), base, idpEntity, name, more.String()))
}

func TestSessionsEndOnBothSides(t *testing.T) {
	each(t, func(g *rig) {
		g.configure("idp-singleLogoutService.url", "https://id.example.org/slo", "sp-privateKey", keys()[2].privatePEM(), "sp-x509cert", keys()[2].pem(),
			"security-logoutRequestSigned", "1", "security-logoutResponseSigned", "1")
		for _, index := range []string{"one", "two", "three", "four"} {
			if w := g.browser().login(answer{index: index}); w.Code != http.StatusSeeOther {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		own := &Config{values: map[string]string{"idp-x509cert": keys()[2].pem()}}
		to, err := g.room.Leaving(t.Context(), &who.Principal{ID: "ada", TokenID: g.entered[3]})
		_, query, _ := strings.Cut(to, "?")
		if err != nil || !strings.HasPrefix(to, "https://id.example.org/slo?SAMLRequest=") || own.querySigned(query, "SAMLRequest") != nil {
			t.Errorf("%s %v", to, err)
		}
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		text, err := inflated(q.Get("SAMLRequest"))
		if err != nil || !strings.Contains(string(text), ">ada</saml:NameID>") || !strings.Contains(string(text), ">four</samlp:SessionIndex>") {
			t.Errorf("%s %v", text, err)
		}

		// By the redirect binding, one session.
		idp := &Config{values: map[string]string{"sp-privateKey": keys()[0].privatePEM(), "sp-x509cert": keys()[0].pem()}}
		say, err := idp.redirect(g.goodbye("ada", "one"), sending{kind: "SAMLRequest", to: "https://example.com" + base + "/sls", state: "st & te", sign: true})
		if err != nil {
			t.Fatal(err)
		}
		w := g.browser().get(strings.TrimPrefix(say, "https://example.com"))
		back, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusSeeOther || back.Query().Get("RelayState") != "st & te" || own.querySigned(back.RawQuery, "SAMLResponse") != nil {
			t.Errorf("%d %s %v", w.Code, back, err)
		}
		if got := g.alive(); !slices.Equal(got, []int64{g.entered[1], g.entered[2], g.entered[3]}) {
			t.Errorf("after one has ended: %v of %v", got, g.entered)
		}
		// By the POST binding, all; the one that left by itself is forgotten.
		all := g.goodbye("ada")
		keys()[0].sign(t, all, dsig.RSASHA256SignatureMethod)
		if w := g.browser().post(base+"/sls", url.Values{"SAMLRequest": {packed(t, all)}}); w.Code != http.StatusSeeOther {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if got := g.alive(); !slices.Equal(got, []int64{g.entered[3]}) {
			t.Errorf("after all have ended: %v of %v", got, g.entered)
		}
	})
}

func TestNobodyElseEndsSessions(t *testing.T) {
	each(t, func(g *rig) {
		g.browser().login(answer{})
		sign := func(by standIn, e *etree.Element) *etree.Element {
			by.sign(t, e, dsig.RSASHA256SignatureMethod)
			return e
		}
		change := func(attribute, value string) *etree.Element {
			e := g.goodbye("ada")
			e.CreateAttr(attribute, value)
			return sign(keys()[0], e)
		}
		altered := sign(keys()[0], g.goodbye("eve"))
		child(altered, "NameID").SetText("ada")
		for name, e := range map[string]*etree.Element{
			"unsigned": g.goodbye("ada"), "another key": sign(keys()[3], g.goodbye("ada")), "altered": altered, "another index": sign(keys()[0], g.goodbye("ada", "other")),
			"for another": change("Destination", "https://other.example/sls"), "old": change("IssueInstant", "2020-01-01T00:00:00Z"), "no response": parsed("<a/>"),
		} {
			w := g.browser().post(base+"/sls", url.Values{"SAMLRequest": {packed(t, e)}})
			if len(g.alive()) != 1 || name != "another index" && w.Code != http.StatusForbidden {
				t.Errorf("%s: %d, alive %v", name, w.Code, g.alive())
			}
		}
		// A signature over one request does not cover another in the query.
		idp := &Config{values: map[string]string{"sp-privateKey": keys()[0].privatePEM(), "sp-x509cert": keys()[0].pem()}}
		say, err := idp.redirect(g.goodbye("eve"), sending{kind: "SAMLRequest", to: base + "/sls", sign: true})
		if err != nil {
			t.Fatal(err)
		}
		other, err := idp.redirect(g.goodbye("ada"), sending{kind: "SAMLRequest", to: base + "/sls"})
		if err != nil {
			t.Fatal(err)
		}
		_, signed, _ := strings.Cut(say, "?")
		for _, target := range []string{other, other + "&" + signed, say + "&SAMLRequest=x"} {
			if w := g.browser().get(target); w.Code != http.StatusForbidden || len(g.alive()) != 1 {
				t.Errorf("%s: %d", target, w.Code)
			}
		}
	})
}

func TestTheAddressOfOurOwnLogout(t *testing.T) {
	each(t, func(g *rig) {
		for _, target := range []string{"/sls", "/sls?SAMLResponse=x"} {
			if w := g.browser().get(base + target); w.Header().Get("Location") != "/login?clear=1" {
				t.Errorf("%s: %d %s", target, w.Code, w.Header())
			}
		}
		if w := g.browser().post(base+"/sls", url.Values{"SAMLResponse": {"x"}}); w.Header().Get("Location") != "/login?clear=1" {
			t.Errorf("%d %s", w.Code, w.Header())
		}
	})
}
