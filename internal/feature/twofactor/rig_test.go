package twofactor

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// rig is the room on a real database, behind a real door that lets programs in by
// password. The pages between password and session are tested with the whole server,
// in internal/app.
type rig struct {
	*testing.T
	room *Room
	dir  *identity.Directory
	door *web.Door
	now  time.Time
}

var tables = []db.Schema{settings.Schema, identity.Schema, Schema}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, now: time.Unix(1_800_000_000, 0)}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = func() time.Time { return g.now }
	for _, n := range []identity.NewUser{{ID: "otto", Password: ottoPassword}, {ID: "olga", Password: ottoPassword},
		{ID: "admin", Password: ottoPassword, Groups: []string{identity.AdminGroup}}} {
		if _, err := g.dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if g.room, err = New(d, g.dir, box, settings.New(d), nil); err != nil {
		t.Fatal(err)
	}
	g.room.Now = g.dir.Now
	m := web.NewMux()
	g.room.Plug(&plug.Board{Web: m, OCS: ocs.NewMux(m), Jobs: jobs.New(d)})
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{g.dir}}, Now: g.dir.Now}, m)
	return g
}

const ottoPassword = "Otto-Capture-77!"

// basic lets in by password, app password, and session without a name.
type basic struct{ dir *identity.Directory }

// Authenticate implements web.Authenticator.
func (b basic) Authenticate(r *http.Request) (p *who.Principal, err error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	if login == "" { // a browser's session
		return b.dir.Session(r.Context(), secret)
	}
	return b.dir.SignIn(r.Context(), login, secret, web.Network(web.VisitOf(r.Context()).Addr))
}

func (g *rig) needs(uid string) bool {
	g.Helper()
	needs, err := g.dir.NeedsSecond(g.Context(), uid)
	if err != nil {
		g.Fatal(err)
	}
	return needs
}

// app sets up an authenticator app and returns its secret.
func (g *rig) app(uid string) string {
	g.Helper()
	t := totp{g.room}
	q, err := t.Offer(g.Context(), Caller{UID: uid, Base: "https://cloud.example"})
	if err != nil {
		g.Fatal(err)
	}
	if err := t.Learn(g.Context(), Caller{UID: uid}, g.code(q.Secret, 0)); err != nil {
		g.Fatal(err)
	}
	return q.Secret
}

// code is what the app shows some steps from now.
func (g *rig) code(secret string, steps int64) string {
	g.Helper()
	code, err := codeAt(secret, stepAt(g.now)+steps)
	if err != nil {
		g.Fatal(err)
	}
	return code
}

// call sends a request of a program.
func (g *rig) call(method, path, body, login, secret string) (status int, answer string) {
	g.Helper()
	r := httptest.NewRequestWithContext(g.Context(), method, path, strings.NewReader(body))
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(login, secret)
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}
