package oidc

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// rig is the room behind a real door, on a real database, with a provider.
type rig struct {
	*testing.T
	dir      *identity.Directory
	settings *settings.Store
	room     *Room
	door     *web.Door
	liar     *liar
	provider *Provider
	now      time.Time
	jobs     *jobs.Queue
	album    album
	entered  []int64 // tokens of the sessions that were begun
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{bus.Schema, jobs.Schema, settings.Schema, identity.Schema, Schema}, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, now: time.Unix(1_800_000_000, 0), liar: newLiar(t), settings: settings.New(d)}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = func() time.Time { return g.now }
	if g.room, err = New(d, g.dir, g.settings, box, g); err != nil {
		t.Fatal(err)
	}
	g.room.Now, g.room.Rooms = g.dir.Now, []string{who.FilesRoom, who.AccountRoom}
	var auth []web.Authenticator
	g.jobs, g.album = jobs.New(d), album{now: g.dir.Now, of: map[string]page{}}
	g.room.Portraits = &g.album
	b := &plug.Board{Web: web.NewMux(), Jobs: g.jobs, Bus: bus.New(d, mem.New()), Auth: &auth}
	b.OCS = ocs.NewMux(b.Web)
	g.room.Plug(b)
	b.Web.Handle("GET", "/whoami", web.User, func(w http.ResponseWriter, r *http.Request) error {
		p := who.From(r.Context())
		web.WriteJSON(w, http.StatusOK, map[string]any{"id": p.ID, "scope": p.Scope})
		return nil
	})
	g.door = web.NewDoor(web.Config{Auth: auth, Now: g.dir.Now}, b.Web)
	g.liar.now, g.liar.read = g.dir.Now, g.publicKeys
	g.provider = &Provider{Name: "corp", Settings: Settings{Client: "atrium", Secret: "client secret", Discovery: g.liar.URL + "/.well-known/openid-configuration", CA: g.liar.authority()}}
	g.save()
	return g
}

// publicKeys are those that we tell everybody.
func (g *rig) publicKeys() (set jose.JSONWebKeySet) {
	r := httptest.NewRequest(http.MethodGet, "https://example.com/apps/user_oidc/jwks", http.NoBody)
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || w.Code != http.StatusOK {
		g.Errorf("%d %s %v", w.Code, w.Body, err)
	}
	return set
}

func (g *rig) save() {
	g.Helper()
	if err := g.room.Save(g.Context(), g.provider); err != nil {
		g.Fatal(err)
	}
}

func (g *rig) set(name, value string) {
	g.Helper()
	if err := g.settings.Set(g.Context(), app, name, value); err != nil {
		g.Fatal(err)
	}
}

// Enter implements Entry.
func (g *rig) Enter(w http.ResponseWriter, r *http.Request, u *identity.User, to string) (int64, string, error) {
	t, err := g.dir.AddToken(r.Context(), identity.Token{UID: u.ID, Kind: identity.KindSession}, seal.Token(64))
	if err != nil {
		return 0, "", err
	}
	g.entered = append(g.entered, t.ID)
	return t.ID, "/home" + to, nil
}

// browser keeps cookies.
type browser struct {
	*rig
	cookies map[string]string
}

func (g *rig) browser() *browser { return &browser{g, map[string]string{}} }

func (b *browser) get(target string) *httptest.ResponseRecorder {
	if strings.HasPrefix(target, "/") {
		target = "https://example.com" + target
	}
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	for k, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	w := httptest.NewRecorder()
	b.door.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

// login goes to the provider and comes back.
func (b *browser) login() *httptest.ResponseRecorder {
	b.Helper()
	w := b.get("/apps/user_oidc/login/1?redirectUrl=%2Fapps%2Ffiles")
	if w.Code != http.StatusSeeOther {
		b.Fatalf("%d %s", w.Code, w.Body)
	}
	return b.get(b.liar.agree(b.T, w.Header().Get("Location")))
}

// call asks /whoami with a bearer token.
func (g *rig) call(token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "https://example.com/whoami", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// logout is the provider telling of one.
func (g *rig) logout(token string) int {
	r := httptest.NewRequest(http.MethodPost, "https://example.com/apps/user_oidc/backchannel-logout/corp", strings.NewReader(url.Values{"logout_token": {token}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w.Code
}
