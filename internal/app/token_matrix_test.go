package app

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/stats"
	"atrium/internal/proto/web"
)

// bearerOf is a credential of the matrix of tokens and what it opens.
type bearerOf struct {
	name  string
	token identity.Token
	dress func(r *http.Request, secret string)
	opens func(room, verb string) bool // nil: nothing that asks who it is
}

func asBearer(r *http.Request, secret string) { r.Header.Set("Authorization", "Bearer "+secret) }
func asBasic(r *http.Request, secret string)  { r.SetBasicAuth("alice", secret) }
func asSession(r *http.Request, secret string) {
	r.AddCookie(&http.Cookie{Name: "atrium_session", Value: secret})
}

// own tells what every credential may: end and renew itself, and read who it is.
func own(room, verb string) bool { return room == "self" || room == "account" && verb == "read" }

func only(rooms ...string) func(room, verb string) bool {
	return func(room, verb string) bool { return own(room, verb) || slices.Contains(rooms, room) }
}

func anything(string, string) bool { return true }

// tokensOfEveryKind are credentials of every kind and state, and with the limits of
// every kind of device.
func tokensOfEveryKind(now time.Time) []bearerOf {
	app, past, soon := identity.KindApp, now.Add(-time.Hour), now.Add(time.Hour)
	reads := func(room, verb string) bool { return own(room, verb) || verb == "read" }
	devices := map[string]func(room, verb string) bool{
		"client": anything, "files": only("files"), "backup": reads, "calendar": only("calendar", "contacts"),
		"folder":  only("files"),
		"monitor": func(room, verb string) bool { return own(room, verb) || room == "monitor" && verb == "read" },
	}
	out := []bearerOf{
		{"app password", identity.Token{Kind: app}, asBearer, anything},
		{"app password as Basic", identity.Token{Kind: app}, asBasic, anything},
		{"session", identity.Token{Kind: identity.KindSession, Confirmed: now.Add(24 * time.Hour)}, asSession, anything},
		{"app password that will end", identity.Token{Kind: app, Expires: soon}, asBearer, anything},
		{"app password that waits", identity.Token{Kind: app, Lapses: soon}, asBearer, anything},
		{"reader of files", identity.Token{Kind: app, Scope: &who.Scope{Rooms: []string{"files"}, Verbs: who.Read}}, asBasic,
			func(room, verb string) bool { return own(room, verb) || room == "files" && verb == "read" }},
		{"writer", identity.Token{Kind: app, Scope: &who.Scope{Verbs: who.Read | who.Write}}, asBasic, func(room, verb string) bool { return own(room, verb) || verb != "share" }},
		{"one folder", identity.Token{Kind: app, Scope: &who.Scope{Folders: []int64{7}}}, asBearer,
			func(room, verb string) bool { return own(room, verb) || room != "account" && room != "admin" }},
		{"all but files", identity.Token{Kind: app, Scope: &who.Scope{But: []string{"files"}}}, asBearer, func(room, _ string) bool { return room != "files" }},
		{"app password as a session", identity.Token{Kind: app}, asSession, nil},
		{"session as app password", identity.Token{Kind: identity.KindSession}, asBearer, nil},
		{"half session", identity.Token{Kind: identity.KindHalf}, asSession, nil},
		{"half session as app password", identity.Token{Kind: identity.KindHalf}, asBearer, nil},
		{"one-time token", identity.Token{Kind: identity.KindOnce, Lapses: soon}, asBasic, nil},
		{"one-time token as Bearer", identity.Token{Kind: identity.KindOnce, Lapses: soon}, asBearer, nil},
		{"app password that ended", identity.Token{Kind: app, Expires: past}, asBearer, nil},
		{"session that ended", identity.Token{Kind: identity.KindSession, Expires: past}, asSession, nil},
		{"app password that nobody used in time", identity.Token{Kind: app, Lapses: past}, asBearer, nil},
		{"app password to be wiped", identity.Token{Kind: app, Wipe: true}, asBearer, nil},
	}
	for _, p := range who.Presets() {
		out = append(out, bearerOf{"device: " + p.ID, identity.Token{Kind: app, Scope: p.Scope}, asBasic, devices[p.ID]})
	}
	return out
}

// Every kind of token, in every state and with the limits of every kind of device,
// is tried at every route of the server: what it opens is what is written above,
// and nothing else.
func TestTokensAtEveryRoute(t *testing.T) {
	c := newConsole(t)
	h := c.begin()
	if _, err := h.people.Create(t.Context(), identity.NewUser{ID: "alice", Unjudged: true, Groups: []string{identity.AdminGroup}}); err != nil {
		t.Fatal(err)
	}
	b, err := h.plugIn()
	if err != nil {
		t.Fatal(err)
	}
	h.mountOwn(b.Web)
	ran := ""
	probe := b.Web.With(func(w http.ResponseWriter, r *http.Request) error {
		ran = "nobody"
		if p := who.From(r.Context()); p != nil {
			ran = p.ID
		}
		return nil
	})
	cfg, err := h.doorConfig(t.Context(), b, stats.New())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Rate, cfg.UserRate, cfg.Still = 0, 0, nil
	at := time.Now()
	cfg.Now = func() time.Time { at = at.Add(time.Second); return at } // for routes that count
	door := web.NewDoor(cfg, probe)
	for _, k := range tokensOfEveryKind(time.Now()) {
		secret := identity.AppPassword()
		k.token.UID, k.token.Login = "alice", "alice"
		wipe := k.token.Wipe
		tok, err := h.people.AddToken(t.Context(), k.token, secret)
		if err != nil {
			t.Fatal(err)
		}
		if wipe {
			if err := h.people.AskWipe(t.Context(), "alice", tok.ID); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range b.Web.Routes() {
			for _, method := range methodsOf(r) {
				req := httptest.NewRequest(method, segment.ReplaceAllString(r.Pattern, "x"), nil)
				req.Header.Set("OCS-APIRequest", "true")
				k.dress(req, secret)
				ran = ""
				door.ServeHTTP(httptest.NewRecorder(), req)
				if want := k.expect(r, method); ran != want {
					t.Errorf("%s: %s %s (%s) ran for %q, want %q", k.name, method, r.Pattern, r.Rule(), ran, want)
				}
			}
		}
	}
}

func methodsOf(r web.Route) []string {
	if r.Method == "*" {
		return []string{"GET", "PROPFIND", "REPORT", "PUT", "POST", "DELETE", "MOVE", "LOCK"}
	}
	return []string{r.Method}
}

// expect is for whom a route runs: "" for nobody at all.
func (k bearerOf) expect(r web.Route, method string) string {
	words := strings.Fields(r.Rule())
	room := ""
	for _, w := range words {
		if in, ok := strings.CutPrefix(w, "in:"); ok {
			room = in
		}
	}
	verb := "write"
	switch {
	case slices.Contains([]string{"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"}, method):
		verb = "read"
	case slices.Contains(words, "shares"):
		verb = "share"
	}
	byCookie := strings.Contains(k.name, "session") && !strings.Contains(k.name, "session as")
	switch asks := words[0] != "anyone" && words[0] != "link"; {
	case !asks:
		return "nobody"
	case k.opens != nil && k.opens(room, verb):
		return "alice"
	case k.opens == nil && byCookie && words[0] == "public":
		return "nobody" // a cookie that is nobody's is no error
	}
	return ""
}
