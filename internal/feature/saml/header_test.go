package saml

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

func TestAProxyMayVouchForPeople(t *testing.T) {
	each(t, func(g *rig) {
		g.configure("general-uid_mapping", "X-Remote-User", "saml-attribute-mapping-email_mapping", "X-Remote-Mail", "saml-attribute-mapping-home_mapping", "X-Remote-Home", "saml-attribute-mapping-group_mapping", "X-Remote-Groups",
			"environment-proxies", "192.0.2.0/24", "environment-secretHeader", "X-Proxy-Secret", "environment-secret", "hush")
		home := ""
		g.room.SetHome = func(_ context.Context, _, name string) error { home = name; return nil }
		visit := func(from string, header http.Header) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodGet, "https://example.com"+base+"/login?originalUrl=%2Fa", http.NoBody)
			r.RemoteAddr, r.Header = from, header
			w := httptest.NewRecorder()
			g.door.ServeHTTP(w, r)
			return w
		}
		good := func() http.Header {
			return http.Header{"X-Remote-User": {"ada"}, "X-Proxy-Secret": {"hush"}, "X-Remote-Mail": {"ada@example.org"}, "X-Remote-Home": {"a17"}, "X-Remote-Groups": {"crew, pilots"}}
		}
		// While people sign in at a provider the header says nothing.
		if w := visit("192.0.2.7:1", good()); w.Code != http.StatusSeeOther || len(g.entered) > 0 {
			t.Errorf("not switched on: %d, entered %v", w.Code, g.entered)
		}
		g.set("type", byProxy)
		for name, change := range map[string]func(h http.Header){
			"no secret": func(h http.Header) { h.Del("X-Proxy-Secret") }, "wrong secret": func(h http.Header) { h.Set("X-Proxy-Secret", "x") },
			"two secrets": func(h http.Header) { h.Add("X-Proxy-Secret", "hush") }, "two people": func(h http.Header) { h.Add("X-Remote-User", "root") },
			"nobody": func(h http.Header) { h.Del("X-Remote-User") },
		} {
			h := good()
			change(h)
			t.Run(name, func(t *testing.T) { g.refusedIn(t, visit("192.0.2.7:1", h)) })
		}
		h := good()
		h.Set("X-Forwarded-For", "192.0.2.7")
		g.refused(visit("198.51.100.1:1", h))
		if w := visit("192.0.2.7:1", good()); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/home/a" || len(g.entered) != 1 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if home != "a17" {
			t.Errorf("the home is called %q", home)
		}
		u, err := g.dir.User(t.Context(), "ada")
		if err != nil || u.Mail != "ada@example.org" {
			t.Errorf("%+v %v", u, err)
		}
		in, err := g.dir.GroupsOf(t.Context(), "ada")
		if slices.Sort(in); err != nil || !slices.Equal(in, []string{"SAML_crew", "SAML_pilots"}) {
			t.Errorf("%v %v", in, err)
		}
		g.entered = nil
		g.configure("environment-secret", "")
		g.refused(visit("192.0.2.7:1", http.Header{"X-Remote-User": {"ada"}, "X-Proxy-Secret": {""}}))
	})
}
