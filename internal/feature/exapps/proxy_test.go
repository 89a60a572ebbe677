package exapps

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"atrium/internal/feature/exapps/route"
	"atrium/internal/feature/exapps/sign"
)

// asOlga is a request of olga's to the app, through the proxy.
func asOlga(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, proxyRoot+"/"+appID+"/"+path, strings.NewReader(body))
	r.SetBasicAuth("olga", password)
	return r
}

func TestTheProxyOpensWhatIsDeclared(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(func(a *App) {
			a.Routes = []route.Route{{URL: "^open/", Verb: "GET"}, {URL: "^api/", Verb: "GET, POST", Access: route.People}, {URL: "^admin/", Verb: "GET", Access: route.Admins}}
		})
		for target, want := range map[string]int{
			"GET open/x": 200, "GET api/x": 200, "POST api/x": 200, "DELETE api/x": 404, "GET admin/x": 404, "GET other": 404,
			"GET api/../admin/x": 404, "GET api/%2e%2e/admin/x": 404, "GET api/..%2fadmin/x": 404, `GET api/..%5cadmin`: 404, "GET api/x%00": 404,
		} {
			method, path, _ := strings.Cut(target, " ")
			if w := g.serve(asOlga(method, path, "")); w.Code != want {
				g.Errorf("%s: %d, want %d", target, w.Code, want)
			}
		}
		for path, want := range map[string]int{"open/x": 200, "api/x": 404} {
			if w := g.serve(httptest.NewRequest("GET", proxyRoot+"/"+appID+"/"+path, nil)); w.Code != want {
				g.Errorf("nobody, %s: %d", path, w.Code)
			}
		}
		g.must(g.room.Disable(g.Context(), appID))
		if w := g.serve(asOlga("GET", "open/x", "")); w.Code != 404 {
			g.Errorf("disabled: %d", w.Code)
		}
	})
}

// Neither side gets what would let it act as the other.
func TestTheProxyKeepsSecrets(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(func(a *App) { a.Routes[0].Exclude = []string{"X-Private"} })
		g.app.answer = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Set-Cookie", "atrium_session=x")
			w.Header().Set(sharedHeader, r.Header.Get(sharedHeader))
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("X-Theirs", "kept")
			_, _ = io.WriteString(w, "<p>hello")
		}
		r := asOlga("POST", "api/%C3%A4%20b?q=1", "some bytes")
		for name, value := range map[string]string{"Cookie": "atrium_session=s", "X-Private": "p", "X-Kept": "k", sign.AppID: "other", "X-Origin-Ip": "10.0.0.1"} {
			r.Header.Set(name, value)
		}
		w := g.serve(r)
		h := w.Header()
		if w.Code != 200 || w.Body.String() != "<p>hello" || h.Get("Set-Cookie") != "" || h.Get(sharedHeader) != "" || h.Get("X-Theirs") != "kept" ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") {
			g.Errorf("%d %v %s", w.Code, h, w.Body)
		}
		got, body := g.app.last("/api/ä b")
		if got == nil {
			g.Fatal("the app got nothing")
		}
		if got.RequestURI != "/api/%C3%A4%20b?q=1" || body != "some bytes" || got.Header.Get("Cookie") != "" || got.Header.Get("Authorization") != "" ||
			got.Header.Get("X-Private") != "" || got.Header.Get("X-Kept") != "k" || got.Header.Get(sign.AppID) != appID || got.Header.Get("X-Origin-Ip") != "192.0.2.1" {
			g.Errorf("the app got %s %v %q", got.RequestURI, got.Header, body)
		}
	})
}

// An app of the signed protocol gets signed requests, and may act for whoever uses it.
func TestTheProxySigns(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(signs("USER_INFO"))
		if w := g.serve(asOlga("POST", "api/x?y=1", `{"a":1}`)); w.Code != 200 {
			g.Fatal(w.Code, w.Body)
		}
		got, body := g.app.last("/api/x")
		c, err := sign.Read(got.Header)
		if err != nil || !c.Verify(secret, "POST", "/api/x?y=1") || c.User != "olga" || c.Hash != sign.Hash([]byte(body)) || got.Header.Get(sharedHeader) != "" {
			g.Errorf("%+v, %v", c, err)
		}
		if w := g.serve(g.signed(request("GET", me, ""), "olga", "")); w.Code != 200 {
			g.Errorf("olga has used the app: %d %s", w.Code, w.Body)
		}
	})
}

func TestAnAppThatIsGone(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(nil)
		g.app.Close()
		if w := g.serve(asOlga("GET", "api/x", "")); w.Code != http.StatusServiceUnavailable {
			g.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// FuzzProxyPath: what reaches an app lies below its root.
func FuzzProxyPath(f *testing.F) {
	for _, s := range []string{"/apps/app_api/proxy/a/b", "/index.php/apps/app_api/proxy/a//b/%2e", "//apps//app_api/proxy/a/x%2F..", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if got := behind(path); !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") {
			t.Errorf("%q leads to %q", path, got)
		}
	})
}
