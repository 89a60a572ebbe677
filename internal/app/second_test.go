package app

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/stats"
	"atrium/internal/proto/web"
)

// No route of the server can be reached with the password alone once an account
// needs a second factor: not with the password as programs send it, not with the
// session of a browser that has yet to show its second factor, however it is sent,
// and not with one that was opened before. The routes are those of the real route
// table, so that a new one is tried as well.
func TestSecondFactorGuardsEveryRoute(t *testing.T) {
	s := secure(t)
	s.login("tess", "")
	early := s.cookie("atrium_session")
	s.command("twofactorauth:enforce", "--on")
	s.forget()
	s.login("tess", "")
	half := s.cookie("atrium_half")
	if early == "" || half == "" {
		t.Fatalf("sessions: %q, %q", early, half)
	}
	app := identity.AppPassword()
	if _, err := s.h.people.AddToken(t.Context(), identity.Token{UID: "tess", Login: "tess", Kind: identity.KindApp}, app); err != nil {
		t.Fatal(err)
	}
	browser := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name, Value: value}) }
	}
	probe := s.probe()
	for name, dress := range map[string]func(*http.Request){
		"the password":                        func(r *http.Request) { r.SetBasicAuth("tess", secondPassword) },
		"a half session":                      browser("atrium_half", half),
		"a half session as a whole one":       browser("atrium_session", half),
		"a half session as token":             func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+half) },
		"a session from before":               browser("atrium_session", early),
		"a session and the password":          func(r *http.Request) { browser("atrium_session", early)(r); r.SetBasicAuth("tess", secondPassword) },
		"the password of an administrator":    func(r *http.Request) { r.SetBasicAuth("admin", secondPassword) },
		"the password, named by mail or case": func(r *http.Request) { r.SetBasicAuth("TESS", secondPassword) },
	} {
		for _, r := range s.board.Web.Routes() {
			if id, status := probe(r, dress); id != "" {
				t.Errorf("%s opened %s %s: %d as %s", name, r.Method, r.Pattern, status, id)
			}
		}
	}
	opened := 0
	for _, r := range s.board.Web.Routes() {
		if id, _ := probe(r, func(r *http.Request) { r.SetBasicAuth("tess", app) }); id == "tess" {
			opened++
		}
	}
	if opened < 50 {
		t.Errorf("an app password opened %d routes: the probe sees nothing", opened)
	}
}

// cookie returns the value of a cookie that the browser keeps.
func (s *secured) cookie(name string) string {
	s.Helper()
	u, err := url.Parse(s.url)
	if err != nil {
		s.Fatal(err)
	}
	for _, c := range s.jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

var segment = regexp.MustCompile(`\{[^}]*\}`)

// probe calls a route with each method it may have, and tells as whom its handler
// would have run: "" for nobody. No real handler runs.
func (s *secured) probe() func(r web.Route, dress func(*http.Request)) (id string, status int) {
	s.Helper()
	ran := ""
	mux := s.board.Web.With(func(w http.ResponseWriter, r *http.Request) error {
		if p := who.From(r.Context()); p != nil {
			ran = p.ID
		}
		w.WriteHeader(http.StatusOK)
		return nil
	})
	cfg, err := s.h.doorConfig(s.Context(), s.board, stats.New())
	if err != nil {
		s.Fatal(err)
	}
	cfg.Rate, cfg.UserRate = 0, 0
	// Each request at another minute, for routes that count.
	at := time.Now()
	cfg.Now = func() time.Time { at = at.Add(time.Second); return at }
	door := web.NewDoor(cfg, mux)
	return func(r web.Route, dress func(*http.Request)) (string, int) {
		methods := []string{r.Method}
		if r.Method == "*" {
			methods = []string{"GET", "PROPFIND", "PUT", "POST", "DELETE", "MOVE"}
		}
		status := 0
		for _, m := range methods {
			req := httptest.NewRequestWithContext(s.Context(), m, segment.ReplaceAllString(r.Pattern, "x"), nil)
			req.Host = strings.TrimPrefix(s.url, "http://")
			req.Header.Set("OCS-APIRequest", "true")
			req.Header.Set("Sec-Fetch-Site", "same-origin")
			dress(req)
			ran = ""
			w := httptest.NewRecorder()
			door.ServeHTTP(w, req)
			if status = w.Code; ran != "" {
				return ran, status
			}
		}
		return "", status
	}
}
