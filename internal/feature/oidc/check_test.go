package oidc

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

func TestAProviderIsAskedBeforeItIsKept(t *testing.T) {
	each(t, func(g *rig) {
		fresh := *g.provider
		fresh.ID, fresh.AuthMethod = 0, "client_secret_post"
		c, err := g.room.Check(t.Context(), &fresh)
		if err != nil || !c.Failure.IsZero() || c.Issuer != g.liar.URL || c.Keys != 1 || !c.PKCE || c.Endpoints["token"] != g.liar.URL+"/token" || len(c.Warnings) != 1 {
			t.Errorf("%+v %v", c, err)
		}
		fresh.Token = "https://inside.example/token"
		if c, err = g.room.Check(t.Context(), &fresh); err != nil || c.Endpoints["token"] != fresh.Token {
			t.Errorf("an address instead: %+v %v", c, err)
		}
		for what, wrong := range map[string]func(p *Provider){
			"certificate":  func(p *Provider) { p.CA = "" },
			"404":          func(p *Provider) { p.Discovery = g.liar.URL + "/elsewhere" },
			"http":         func(p *Provider) { p.Discovery = strings.Replace(p.Discovery, "https:", "http:", 1) },
			"elsewhere/ke": func(p *Provider) { p.Keys = g.liar.URL + "/elsewhere/keys" },
		} {
			bad := *g.provider
			wrong(&bad)
			c, err := g.room.Check(t.Context(), &bad)
			if err != nil || c.Failure.IsZero() || !strings.Contains(c.Failure.String()+c.Detail, what) {
				t.Errorf("%s: %+v %v", what, c, err)
			}
		}
		if all, err := g.room.Providers(t.Context()); len(all) != 1 || err != nil {
			t.Errorf("asking has made one: %v %v", all, err)
		}
	})
}

func TestATokenIsPastedAsItIs(t *testing.T) {
	token := "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"ada","groups":["crew"]}`)) + ".c2ln"
	for _, text := range []string{token, " Bearer " + token + "\n", `{"sub":"ada","groups":["crew"]}`} {
		c, err := pasted(text)
		if in, _ := c["groups"].([]any); err != nil || c["sub"] != "ada" || !slices.Equal(in, []any{"crew"}) {
			t.Errorf("%s: %v %v", text, c, err)
		}
	}
	for _, text := range []string{"", "ada", "eyJ.a.b.c.d", "eyJhbGciOiJSUzI1NiJ9.!.x", "[]"} {
		if c, err := pasted(text); err == nil {
			t.Errorf("%q is %v", text, c)
		}
	}
}
