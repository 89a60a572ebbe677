package profile

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
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

// basic is Basic authentication against the directory.
type basic struct{ dir *identity.Directory }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.dir.SignIn(r.Context(), login, secret, netip.Prefix{})
}

// there says that everybody is there.
type there struct{}

func (there) Shown(context.Context, string) (state, icon, message string, err error) {
	return "away", "🍕", "lunch", nil
}

// rig is the room behind a real door at the time of the recorded exchanges, with
// their accounts, whose passwords are their names.
type rig struct {
	t    *testing.T
	dir  *identity.Directory
	room *Room
	door *web.Door
}

func each(t *testing.T, f func(t *testing.T, g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{identity.Schema, Schema}, func(t *testing.T, d *db.DB) { f(t, newRig(t, d)) })
}

func lite(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, identity.Schema, Schema)) }

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{t: t}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	for _, n := range []identity.NewUser{
		{ID: "olga", Password: "olga", Display: "Olga Ö. Capture", Mail: "olga@oracle.example", Language: "en"},
		{ID: "otto", Password: "otto", Display: "Otto", Mail: "otto@oracle.example", Language: "en"},
	} {
		_, err := g.dir.Create(t.Context(), n)
		g.must(err)
	}
	g.set("olga", "timezone", "Europe/Stockholm")
	g.room, err = New(d, g.dir)
	g.must(err)
	g.room.Now = func() time.Time { return time.Date(2026, 11, 22, 2, 30, 36, 0, time.UTC) }
	m := web.NewMux()
	g.room.Plug(&plug.Board{Web: m, OCS: ocs.NewMux(m)})
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{g.dir}}}, m)
	return g
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *rig) set(uid string, pairs ...string) {
	g.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if name, ok := strings.CutSuffix(pairs[i], "Scope"); ok {
			g.must(g.dir.SetScope(g.t.Context(), uid, name, "", pairs[i+1]))
			continue
		}
		g.must(g.dir.SetField(g.t.Context(), uid, pairs[i], pairs[i+1]))
	}
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// get asks as somebody, nobody when as is "".
func (g *rig) get(as, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	if strings.HasPrefix(target, "/ocs") {
		r.Header.Set("OCS-APIRequest", "true")
	} else {
		r.Header.Set("Accept", "text/html")
	}
	if as != "" {
		r.SetBasicAuth(as, as)
	}
	return g.serve(r)
}
