package cloud

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

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

// basic is Basic authentication against the directory.
type basic struct{ dir *identity.Directory }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.dir.SignIn(r.Context(), login, secret, netip.Prefix{})
}

// rig is the room behind a real door, with the accounts of the recorded
// exchanges, whose passwords are their names.
type rig struct {
	dir  *identity.Directory
	room *Room
	mux  *web.Mux
	door *web.Door
}

func each(t *testing.T, f func(t *testing.T, g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{settings.Schema, identity.Schema, Schema}, func(t *testing.T, d *db.DB) { f(t, newRig(t, d)) })
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{mux: web.NewMux()}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	if err := g.dir.CreateGroup(t.Context(), "otters", ""); err != nil {
		t.Fatal(err)
	}
	for _, n := range []identity.NewUser{
		{ID: "admin", Password: "admin", Groups: []string{identity.AdminGroup}},
		{ID: "olga", Password: "olga", Display: "Olga Ö. Capture", Mail: "olga@oracle.example", Language: "en", Groups: []string{"otters"}},
		{ID: "otto", Password: "otto", Display: "Otto", Mail: "otto@oracle.example", Language: "en", Groups: []string{"otters"}},
		{ID: "oda", Password: "oda"},
	} {
		if _, err := g.dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	err = g.dir.Change(t.Context(), "olga", func(u *identity.User) error { u.Timezone = "Europe/Stockholm"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if g.room, err = New(d, g.dir, settings.New(d)); err != nil {
		t.Fatal(err)
	}
	b := &plug.Board{Web: g.mux, OCS: ocs.NewMux(g.mux)}
	g.room.Plug(b)
	b.Caps.Add("dav", func(context.Context, *http.Request) any { return map[string]string{"chunking": "1.0"} })
	b.Caps.Add("absent", func(context.Context, *http.Request) any { return nil })
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{g.dir}}}, g.mux)
	return g
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// get asks as somebody, nobody when as is "".
func (g *rig) get(as, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	r.Header.Set("OCS-APIRequest", "true")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if as != "" {
		r.SetBasicAuth(as, as)
	}
	return g.serve(r)
}
