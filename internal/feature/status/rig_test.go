package status

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
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

// rig is the room behind a real door with a clock of its own, and the accounts of
// the recorded exchanges, whose passwords are their names.
type rig struct {
	t    *testing.T
	now  time.Time
	dir  *identity.Directory
	room *Room
	door *web.Door
}

func each(t *testing.T, f func(t *testing.T, g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{identity.Schema, jobs.Schema, Schema}, func(t *testing.T, d *db.DB) { f(t, newRig(t, d)) })
}

func lite(t *testing.T) *rig {
	return newRig(t, dbtest.SQLite(t, identity.Schema, jobs.Schema, Schema))
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{t: t, now: time.Date(2026, 11, 22, 2, 13, 22, 0, time.UTC)}
	clock := func() time.Time { return g.now }
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	for _, n := range []identity.NewUser{{ID: "olga", Password: "olga"}, {ID: "otto", Password: "otto", Display: "Otto"}} {
		if _, err := g.dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	g.room = New(d, g.dir)
	g.room.Now = clock
	m := web.NewMux()
	b := &plug.Board{Web: m, OCS: ocs.NewMux(m), Jobs: jobs.New(d)}
	g.room.Plug(b)
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{g.dir}}}, m)
	return g
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// ask calls an endpoint as somebody and returns the status and the data. The form
// is given as names and values in turn.
func (g *rig) ask(as, method, path string, form ...string) (int, map[string]any) {
	g.t.Helper()
	q := url.Values{}
	for i := 0; i < len(form); i += 2 {
		q.Add(form[i], form[i+1])
	}
	r := httptest.NewRequest(method, "/ocs/v2.php/apps/"+path, strings.NewReader(q.Encode()))
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(as, as)
	w := g.serve(r)
	var doc struct{ OCS struct{ Data any } }
	if w.Code != http.StatusNoContent {
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
			g.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	data, _ := doc.OCS.Data.(map[string]any)
	return w.Code, data
}

const api = "user_status/api/v1/"

// shows holds what others see of somebody to "status", or "status: icon message".
func (g *rig) shows(of, want string) {
	g.t.Helper()
	_, s := g.ask("otto", "GET", api+"statuses/"+of)
	got, _ := s["status"].(string)
	icon, _ := s["icon"].(string)
	text, _ := s["message"].(string)
	if words := strings.TrimSpace(icon + " " + text); words != "" {
		got += ": " + words
	}
	if got != want {
		g.t.Errorf("at %s %s shows %q, want %q", g.now.Format("2006-01-02 15:04:05"), of, got, want)
	}
}

// do calls an endpoint as olga and holds the answer to a status.
func (g *rig) do(want int, method, path string, form ...string) {
	g.t.Helper()
	if got, data := g.ask("olga", method, path, form...); got != want {
		g.t.Errorf("%s %s %v: %d %v, want %d", method, path, form, got, data, want)
	}
}
