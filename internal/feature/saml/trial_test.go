package saml

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/core/identity/vouch"
)

func TestATrialWritesNothing(t *testing.T) {
	each(t, func(g *rig) {
		g.configure("saml-attribute-mapping-displayName_mapping", "name", "saml-attribute-mapping-quota_mapping", "quota", "saml-attribute-mapping-group_mapping", "groups")
		if w := g.browser().login(answer{attributes: map[string][]string{"uid": {"ada"}, "name": {"Ada"}, "groups": {"crew"}}}); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		next := answer{request: newID(), attributes: map[string][]string{"uid": {"ada"}, "name": {"Ada L."}, "quota": {"5 GB"}, "groups": {"pilots"}}}
		text, err := written(next.written(t, g.now))
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range []string{string(text), " \n" + packed(t, next.written(t, g.now))} {
			got, err := g.room.Try(t.Context(), g.config, []byte(said))
			if err != nil || !got.Known || !got.Doubt.IsZero() || got.Changes["displayname"] != (vouch.Change{From: "Ada", To: "Ada L."}) || got.Quota != "5 GB" ||
				!slices.Equal(got.Joins, []string{"SAML_pilots"}) || !slices.Equal(got.Leaves, []string{"SAML_crew"}) || got.Attributes["quota"][0] != "5 GB" {
				t.Errorf("%+v %v", got, err)
			}
		}
		if u, err := g.dir.User(t.Context(), "ada"); err != nil || u.Display != "Ada" {
			t.Errorf("%+v %v", u, err)
		}
		lone := next.assertion(g.now)
		if text, err = written(lone); err != nil {
			t.Fatal(err)
		}
		if got, err := g.room.Try(t.Context(), g.config, text); err != nil || got.Account != "ada" || got.Doubt.String() != "It is not signed." {
			t.Errorf("%+v %v", got, err)
		}
		next.signer, next.attributes = keys()[3], map[string][]string{"uid": {"new"}}
		if got, err := g.room.Try(t.Context(), g.config, []byte(packed(t, next.written(t, g.now)))); err != nil || got.Known || got.Doubt.IsZero() {
			t.Errorf("%+v %v", got, err)
		}
		for _, rubbish := range []string{"", "<a/>", "<a", "!!"} {
			if got, err := g.room.Try(t.Context(), g.config, []byte(rubbish)); err == nil {
				t.Errorf("%s: %+v", rubbish, got)
			}
		}
	})
}

// FuzzResponse holds the reader of responses to nothing but an answer or an error, and
// never takes one that nobody signed.
func FuzzResponse(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	a := answer{request: "_r", attributes: map[string][]string{"uid": {"ada"}}, bare: true}
	for _, seed := range []string{"<a/>", `<samlp:Response xmlns:samlp="` + protocolNS + `" InResponseTo="_r"/>`} {
		f.Add([]byte(seed))
	}
	whole := parsed(`<samlp:Response xmlns:samlp="` + protocolNS + `" ID="_x" Version="2.0" InResponseTo="_r"/>`)
	whole.AddChild(a.assertion(now))
	text, err := written(whole)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(strings.Replace(string(text), "Assertion", "EncryptedAssertion", 2)))
	c := &Config{ID: 1, values: map[string]string{"general-uid_mapping": "uid", "idp-entityId": idpEntity, "idp-x509cert": keys()[0].pem(), "sp-privateKey": keys()[2].privatePEM()}}
	f.Fuzz(func(t *testing.T, text []byte) {
		root, err := parse(text)
		if err != nil {
			return
		}
		if got, err := c.open(root, expected{request: "_r", acs: ourACS, entity: ourName, now: now}); err == nil {
			t.Errorf("taken: %+v", got)
		}
	})
}
