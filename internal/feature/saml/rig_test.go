package saml

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

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
	config   *Config
	now      time.Time
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
	g := &rig{T: t, now: time.Unix(1_800_000_000, 0), settings: settings.New(d)}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = func() time.Time { return g.now }
	if g.room, err = New(d, g.dir, g.settings, box, g); err != nil {
		t.Fatal(err)
	}
	g.room.Now, g.room.Home = g.dir.Now, "https://example.com"
	var auth []web.Authenticator
	b := &plug.Board{Web: web.NewMux(), Jobs: jobs.New(d), Bus: bus.New(d, mem.New()), Auth: &auth}
	b.OCS = ocs.NewMux(b.Web)
	g.room.Plug(b)
	g.door = web.NewDoor(web.Config{Auth: auth, Now: g.dir.Now}, b.Web)
	if g.config, err = g.room.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.set("type", byProvider)
	g.configure("general-uid_mapping", "uid", "idp-entityId", idpEntity, "idp-singleSignOnService.url", "https://id.example.org/sso?tenant=1",
		"idp-x509cert", keys()[0].pem())
	return g
}

// configure sets settings of the provider.
func (g *rig) configure(pairs ...string) {
	g.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := g.config.set(pairs[i], pairs[i+1]); err != nil {
			g.Fatal(err)
		}
	}
	if err := g.room.Save(g.Context(), g.config); err != nil {
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

func (b *browser) send(r *http.Request) *httptest.ResponseRecorder {
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

func (b *browser) get(target string) *httptest.ResponseRecorder {
	return b.send(httptest.NewRequest(http.MethodGet, "https://example.com"+target, http.NoBody))
}

func (b *browser) post(target string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "https://example.com"+target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

// begin goes to the provider, and returns what it is asked and with which query.
func (b *browser) begin() (*saml.AuthnRequest, url.Values) {
	b.Helper()
	w := b.get(base + "/login?idp=1&originalUrl=%2Fapps%2Ffiles")
	if w.Code != http.StatusSeeOther {
		b.Fatalf("%d %s", w.Code, w.Body)
	}
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		b.Fatal(err)
	}
	text, err := inflated(u.Query().Get("SAMLRequest"))
	if err != nil {
		b.Fatal(err)
	}
	var ask saml.AuthnRequest
	if err := xml.Unmarshal(text, &ask); err != nil {
		b.Fatal(err)
	}
	return &ask, u.Query()
}

// bring posts an answer.
func (b *browser) bring(e *etree.Element) *httptest.ResponseRecorder {
	b.Helper()
	return b.post(base+"/acs", url.Values{"SAMLResponse": {packed(b.T, e)}, "RelayState": {"https://evil.example"}})
}

// login goes to the provider and comes back with an answer.
func (b *browser) login(a answer) *httptest.ResponseRecorder {
	b.Helper()
	ask, _ := b.begin()
	a.request = ask.ID
	if a.attributes == nil {
		a.attributes = map[string][]string{"uid": {"ada"}}
	}
	return b.bring(a.written(b.T, b.now))
}

// refused tells that somebody stays out, and reads why.
func (g *rig) refused(w *httptest.ResponseRecorder) {
	g.Helper()
	g.refusedIn(g.T, w)
}

// refusedIn is refused in a part of a test.
func (g *rig) refusedIn(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code < 400 || w.Code >= 500 || len(g.entered) > 0 || !strings.Contains(w.Body.String(), "You are not logged in") {
		t.Errorf("%d, entered %v\n%s", w.Code, g.entered, w.Body)
		g.entered = nil
	}
}
