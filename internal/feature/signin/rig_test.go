package signin

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// The accounts of the recorded exchanges.
const (
	olgaPassword = "Olga-Capture-77!"
	ottoPassword = "Otto-Capture-77!"
)

// rig is the room behind a real door, on a real database.
type rig struct {
	t    *testing.T
	dir  *identity.Directory
	room *Room
	mux  *web.Mux
	door *web.Door
	now  time.Time
}

func each(t *testing.T, f func(r *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{identity.Schema, Schema}, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{t: t, now: time.Unix(1_800_000_000, 0), mux: web.NewMux()}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = func() time.Time { return g.now }
	for _, n := range []identity.NewUser{
		{ID: "olga", Password: olgaPassword, Display: "Olga Ö. Capture", Mail: "olga@oracle.example"},
		{ID: "otto", Password: ottoPassword, Display: "Otto"},
	} {
		if _, err := g.dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if g.room, err = New(d, g.dir, box); err != nil {
		t.Fatal(err)
	}
	g.room.Now = g.dir.Now
	var auth []web.Authenticator
	g.room.Plug(&plug.Board{Web: g.mux, OCS: ocs.NewMux(g.mux), Auth: &auth})
	g.mux.Handle("GET", "/whoami", web.User|web.Page, func(w http.ResponseWriter, r *http.Request) error {
		p := who.From(r.Context())
		web.WriteJSON(w, 200, map[string]any{"id": p.ID, "login": p.Login, "via": p.Via})
		return nil
	})
	g.door = web.NewDoor(web.Config{Auth: auth, Tokens: Tokens(box), Now: g.dir.Now}, g.mux)
	return g
}

// browser keeps cookies and follows forms, like a person's.
type browser struct {
	*rig
	cookies map[string]string
	https   bool
}

func (g *rig) browser() *browser { return &browser{rig: g, cookies: map[string]string{}} }

func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	for k, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "text/html,application/xhtml+xml")
	}
	w := httptest.NewRecorder()
	b.door.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return w
}

func (b *browser) get(target string) *httptest.ResponseRecorder {
	if b.https {
		target = "https://example.com" + target
	}
	return b.do(httptest.NewRequest("GET", target, nil))
}

func (b *browser) post(target string, form url.Values) *httptest.ResponseRecorder {
	origin := "http://example.com"
	if b.https {
		origin = "https://example.com"
		target = origin + target
	}
	r := httptest.NewRequest("POST", target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	return b.do(r)
}

// login signs in and returns where the browser is sent.
func (b *browser) login(user, password, to string) string {
	b.t.Helper()
	w := b.post("/login", url.Values{"user": {user}, "password": {password}, "redirect_url": {to}})
	if w.Code != http.StatusSeeOther {
		b.t.Fatalf("login: %d %s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

// call sends a request as a program with a login and a secret.
func (g *rig) call(method, target, login, secret string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("User-Agent", "Mozilla/5.0 (Linux) mirall/3.16.0git (Nextcloud)")
	if login != "" {
		r.SetBasicAuth(login, secret)
	}
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

var hidden = regexp.MustCompile(`name="([a-zA-Z_]+)" value="([^"]*)"`)

// form reads the hidden fields of a page.
func form(page string) url.Values {
	v := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		v.Set(m[1], m[2])
	}
	return v
}

func decoded[T any](t *testing.T, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}
