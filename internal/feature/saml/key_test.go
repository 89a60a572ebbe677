package saml

import (
	"crypto/rsa"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
)

func TestAKeyIsMade(t *testing.T) {
	each(t, func(g *rig) {
		if err := g.room.MakeKey(t.Context(), g.config, false); err != nil {
			g.Fatal(err)
		}
		g.configure("security-authnRequestsSigned", "1", "security-wantAssertionsEncrypted", "1", "security-signMetadata", "1") // which need one
		first := g.config.get("sp-x509cert")
		certs, err := certificates(first)
		if err != nil || len(certs) != 1 || certs[0].Subject.CommonName != "https://example.com/apps/user_saml/saml/metadata" || certs[0].NotAfter.Before(g.now.AddDate(9, 0, 0)) {
			g.Fatalf("%+v %v", certs, err)
		}
		if key, err := g.config.key(); err != nil || !certs[0].PublicKey.(*rsa.PublicKey).Equal(key.Public()) {
			g.Errorf("the key is not that of the certificate: %v", err)
		}
		if err := g.room.MakeKey(t.Context(), g.config, false); !errors.Is(err, fault.Exists) || g.config.get("sp-x509cert") != first {
			g.Errorf("a second one: %v", err)
		}
		if err := g.room.MakeKey(t.Context(), g.config, true); err != nil || g.config.get("sp-x509cert") == first {
			g.Errorf("in the place of the first: %v", err)
		}
		again, err := g.room.Config(t.Context(), g.config.ID)
		if err != nil || again.get("sp-privateKey") != g.config.get("sp-privateKey") || again.shown("sp-privateKey") != hidden {
			g.Errorf("%v", err)
		}
	})
}

func TestGroupsThatStandEmptyForLongAreRemoved(t *testing.T) {
	each(t, func(g *rig) {
		ctx := t.Context()
		join := func(groups ...string) {
			if _, _, err := g.dir.Provision(ctx, identity.Login{Source: Source, Subject: "1/ada", ID: "ada", Groups: append([]string{}, groups...)}); err != nil {
				g.Fatal(err)
			}
		}
		join("SAML_crew", "SAML_cooks")
		if err := g.dir.CreateGroup(ctx, "ours", ""); err != nil {
			g.Fatal(err)
		}
		there := func(want ...string) {
			g.Helper()
			if err := g.room.sweep(ctx); err != nil {
				g.Fatal(err)
			}
			var all []string
			for gid, err := range g.dir.GroupIDs(ctx, "", 0, 0) {
				if err != nil {
					g.Fatal(err)
				}
				if gid != identity.AdminGroup {
					all = append(all, gid)
				}
			}
			if slices.Sort(all); !slices.Equal(all, want) {
				g.Errorf("groups %v, want %v", all, want)
			}
		}
		join()
		there("SAML_cooks", "SAML_crew", "ours")
		g.now = g.now.Add(20 * 24 * time.Hour)
		join("SAML_crew")
		there("SAML_cooks", "SAML_crew", "ours")
		join()
		there("SAML_cooks", "SAML_crew", "ours")
		g.now = g.now.Add(10 * 24 * time.Hour)
		there("SAML_crew", "ours")
		g.set("general-keep_groups", "1")
		g.now = g.now.Add(100 * 24 * time.Hour)
		there("SAML_crew", "ours")
	})
}

func TestHeadersOfAProxyAreTried(t *testing.T) {
	each(t, func(g *rig) {
		g.configure("general-uid_mapping", "X-Remote-User", "saml-attribute-mapping-group_mapping", "X-Remote-Groups")
		is, err := g.room.TryHeaders(t.Context(), g.config, "x-remote-user: ada\nX-Remote-Groups: crew, pilots\n\nHost: example.com\n")
		if err != nil || is.Account != "ada" || is.Known || !slices.Equal(is.Joins, []string{"SAML_crew", "SAML_pilots"}) || !strings.Contains(is.Doubt.String(), "proxy") {
			g.Fatalf("%+v %v", is, err)
		}
		g.configure("environment-proxies", "192.0.2.0/24", "environment-secretHeader", "X-Proxy-Secret", "environment-secret", "hush")
		if is, err = g.room.TryHeaders(t.Context(), g.config, "X-Remote-User: ada"); err != nil || !is.Doubt.IsZero() {
			g.Errorf("%+v %v", is, err)
		}
		for _, text := range []string{"", "X-Remote-Mail: ada@example.org", "no header"} {
			if _, err := g.room.TryHeaders(t.Context(), g.config, text); !errors.Is(err, fault.Invalid) {
				g.Errorf("%q: %v", text, err)
			}
		}
	})
}
