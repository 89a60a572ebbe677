package oidc

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/fault"
)

func TestAProviderKnowsUsByAKeyAndNoSecret(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.AuthMethod, g.provider.Secret = withKey, ""
		g.save()
		for range 2 { // each assertion is good once
			if w := g.browser().login(); w.Code != http.StatusSeeOther {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		if len(g.liar.proofs) != 2 || len(g.entered) != 2 {
			t.Errorf("%d assertions, %d sessions", len(g.liar.proofs), len(g.entered))
		}
		g.provider.Audience = "https://another.example"
		g.save()
		if w := g.browser().login(); w.Code != http.StatusForbidden {
			t.Errorf("with the audience of another: %d", w.Code)
		}
	})
}

func TestAKeyIsToldBeforeItSignsAndForAWhileAfter(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.AuthMethod = withKey
		g.save()
		first := g.publicKeys()
		if len(first.Keys) != 1 || !first.Keys[0].IsPublic() || first.Keys[0].Algorithm != "RS256" {
			t.Fatalf("%+v", first)
		}
		signs := func() string {
			k, _, err := g.room.ring().Current(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return k.KeyID
		}
		old := signs()
		if err := g.room.ring().Rotate(t.Context(), jose.ES256, keyLead); err != nil {
			t.Fatal(err)
		}
		if both := g.publicKeys(); len(both.Keys) != 2 || signs() != old {
			t.Errorf("%d keys are told, and the old one signs: %v", len(both.Keys), signs() == old)
		}
		g.now = g.now.Add(keyLead)
		if both := g.publicKeys(); len(both.Keys) != 2 || signs() == old {
			t.Errorf("%d keys are told, and the old one signs: %v", len(both.Keys), signs() == old)
		}
		g.liar.claims = map[string]any{"exp": g.now.Unix() + 300}
		if w := g.browser().login(); w.Code != http.StatusSeeOther {
			t.Errorf("with the new key: %d %s", w.Code, w.Body)
		}
		g.now = g.now.Add(time.Hour)
		if err := g.room.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := g.publicKeys(); len(left.Keys) != 1 || left.Keys[0].KeyID == old || left.Keys[0].Algorithm != "ES256" {
			t.Errorf("%+v", left)
		}
	})
}

func TestAnswersOfTokenEndpoints(t *testing.T) {
	good, err := readTokens(200, []byte(`{"access_token":"a","id_token":"i","refresh_token":"r","expires_in":"60"}`))
	if err != nil || good.Access != "a" || good.ID != "i" || good.Refresh != "r" || good.lasts(time.Hour) != time.Minute {
		t.Errorf("%+v %v", good, err)
	}
	for body, want := range map[string]string{`{"error":"invalid_grant","error_description":"used"}`: "invalid_grant: used", "<html>": "status 400"} {
		_, err := readTokens(400, []byte(body))
		if no, ok := errors.AsType[*refusal](err); !ok || no.Error() != want {
			t.Errorf("%s: %v", body, err)
		}
	}
	for _, status := range []int{500, 503, 429} {
		if _, err := readTokens(status, nil); !errors.Is(err, fault.Unavailable) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add(200, []byte(`{"access_token":"a","expires_in":3600}`))
	f.Add(400, []byte(`{"error":"invalid_grant"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		got, err := readTokens(status, body)
		if (got == nil) == (err == nil) || got != nil && got.lasts(time.Hour) <= 0 {
			t.Errorf("%+v %v", got, err)
		}
	})
}

func TestACheckKnowsWhichSignaturesAProviderTakes(t *testing.T) {
	each(t, func(g *rig) {
		g.provider.AuthMethod, g.liar.methods, g.liar.algs = withKey, []string{withKey}, []string{"PS256"}
		c, err := g.room.Check(t.Context(), g.provider)
		if err != nil || len(c.Warnings) != 1 {
			t.Errorf("%+v %v", c, err)
		}
		g.liar.algs = []string{"RS256"}
		if c, err = g.room.Check(t.Context(), g.provider); err != nil || c.Warnings == nil || len(c.Warnings) > 0 {
			t.Errorf("%+v %v", c, err)
		}
	})
}
