package provisioning

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// homesOf is what accounts hold.
type homesOf map[string]int64

func (h homesOf) Held(_ context.Context, us []*identity.User) (out []Holding, err error) {
	for _, u := range us {
		total := u.Quota
		if total == identity.DefaultQuota {
			total = identity.NoQuota
		}
		out = append(out, Holding{h[u.ID], total})
	}
	return out, nil
}

func (h homesOf) SetQuota(context.Context, string, int64) error { return nil }

// post keeps the names of those who were welcomed.
type post []string

func (p *post) Welcome(_ context.Context, u *identity.User) error { *p = append(*p, u.ID); return nil }

// basic is Basic authentication against the directory, with the rights that some
// have been given.
type basic struct{ *rig }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	p, err := b.dir.SignIn(r.Context(), login, secret, netip.Prefix{})
	if err != nil {
		return nil, err
	}
	c := *p
	c.Rights, c.Scope = b.rights[p.ID], b.scopes[p.ID]
	return &c, nil
}

// rig is the room behind a real door, with the accounts of the recorded
// exchanges, whose passwords are their names.
type rig struct {
	t      testing.TB
	db     *db.DB
	dir    *identity.Directory
	room   *Room
	mux    *web.Mux
	door   *web.Door
	post   post
	now    time.Time
	rights map[string][]string
	scopes map[string]*who.Scope
}

func each(t *testing.T, f func(t *testing.T, g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{settings.Schema, identity.Schema}, func(t *testing.T, d *db.DB) { f(t, newRig(t, d)) })
}

func lite(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, settings.Schema, identity.Schema)) }

// weak is what the recorded server says of "abc".
const weak = "Password is among the 1,000,000 most common ones. Please make it unique. Password needs to be at least 10 characters long."

func newRig(t testing.TB, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{t: t, db: d, mux: web.NewMux(), now: time.Unix(1_800_000_000, 0), rights: map[string][]string{}, scopes: map[string]*who.Scope{}}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = func() time.Time { return g.now }
	for _, gid := range []string{"guests", "orcas", "otters", "staff"} {
		g.must(g.dir.CreateGroup(t.Context(), gid, ""))
	}
	for _, n := range []identity.NewUser{
		{ID: "admin", Groups: []string{identity.AdminGroup}},
		{ID: "alice", Display: "Alice Adams", Groups: []string{"staff"}}, {ID: "bob", Display: "Bob Brown", Groups: []string{"staff"}},
		{ID: "carol"}, {ID: "dave1", Display: "Dave1 Dav", Mail: "dave1@example.org"}, {ID: "dave2"},
		{ID: "oda", Display: "Oda", Groups: []string{"orcas"}}, {ID: "olga", Display: "Olga Ö. Capture", Groups: []string{"otters"}},
		{ID: "oskar", Display: "Oskar", Groups: []string{"otters"}}, {ID: "otto", Display: "Otto", Groups: []string{"otters"}},
	} {
		n.Password = n.ID
		if n.Mail == "" && n.ID != "admin" {
			n.Mail = n.ID + "@oracle.example"
		}
		_, err := g.dir.Create(t.Context(), n)
		g.must(err)
	}
	g.dir.Policy = func(_ context.Context, _, password string) error {
		if len(password) < 10 {
			return fault.New(fault.Invalid, weak)
		}
		return nil
	}
	store := settings.New(d)
	g.must(store.Set(t.Context(), "system", "default_phone_region", "SE"))
	apps := appsOf{"files": {ID: "files", Name: "Files", Version: "1", Enabled: true, Always: true},
		"notes": {ID: "notes", Name: "Notes", Version: "2", Enabled: true}}
	g.room = New(g.dir, homesOf{"otto": 20174300, "oda": 250}, store, apps, &g.post)
	b := &plug.Board{Web: g.mux, OCS: ocs.NewMux(g.mux)}
	g.room.Plug(b)
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{g}}, Now: g.dir.Now}, g.mux)
	return g
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// ask calls an endpoint of v2 as somebody and returns the code of the envelope;
// into gets the data. The form is given as names and values in turn.
func (g *rig) ask(as, method, path string, into any, form ...string) int {
	g.t.Helper()
	q := url.Values{}
	for i := 0; i < len(form); i += 2 {
		q.Add(form[i], form[i+1])
	}
	r := httptest.NewRequest(method, "/ocs/v2.php"+path, strings.NewReader(q.Encode()))
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if as != "" {
		r.SetBasicAuth(as, as)
	}
	w := g.serve(r)
	var doc struct {
		OCS struct {
			Meta struct {
				Code int `json:"statuscode"`
			}
			Data json.RawMessage
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		g.t.Fatalf("%s %s: %d %v in %s", method, path, w.Code, err, w.Body)
	}
	if into != nil {
		g.must(json.Unmarshal(doc.OCS.Data, into))
	}
	return doc.OCS.Meta.Code
}

// want asks and holds the code to the expected one.
func (g *rig) want(code int, as, method, path string, form ...string) {
	g.t.Helper()
	var data any
	if got := g.ask(as, method, path, &data, form...); got != code {
		g.t.Errorf("%s: %s %s %v is %d, want %d: %s", as, method, path, form, got, code, fmt.Sprint(data))
	}
}

// appsOf are parts by name.
type appsOf map[string]App

func (a appsOf) List(context.Context) ([]App, error) {
	return slices.SortedFunc(maps.Values(a), func(x, y App) int { return strings.Compare(x.ID, y.ID) }), nil
}

func (a appsOf) Enable(_ context.Context, id string) error { return a.set(id, true) }

func (a appsOf) Disable(_ context.Context, id string) error { return a.set(id, false) }

func (a appsOf) set(id string, on bool) error {
	app, ok := a[id]
	switch {
	case !ok:
		return fault.New(fault.NotFound, "There is no such app.")
	case app.Always && !on:
		return fault.New(fault.Denied, "This app cannot be switched off.")
	}
	app.Enabled = on
	a[id] = app
	return nil
}
