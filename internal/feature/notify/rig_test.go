package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/lock/mem"
	"atrium/internal/infra/mail"
	"atrium/internal/infra/mail/mailtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

var schemas = []db.Schema{bus.Schema, jobs.Schema, settings.Schema, identity.Schema, Schema}

// basic is Basic authentication against the directory.
type basic struct{ dir *identity.Directory }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.dir.SignIn(r.Context(), login, secret, netip.Prefix{})
}

// homes are homes that are as full as said; space 1 is olga's.
type homes struct{ used, total int64 }

func (h *homes) Owners(_ context.Context, spaces ...int64) (map[int64]string, error) {
	out := map[int64]string{}
	for _, s := range spaces {
		if s == 1 {
			out[s] = "olga"
		}
	}
	return out, nil
}

func (h *homes) Chains(_ context.Context, ids ...int64) (map[int64][]tree.Node, error) {
	out := map[int64][]tree.Node{}
	for _, id := range ids {
		if id == 7 {
			out[id] = []tree.Node{{ID: 1}, {ID: 7, Name: "plan.txt"}}
		}
	}
	return out, nil
}

func (h *homes) Usage(context.Context, string) (used, total int64, err error) {
	return h.used, h.total, nil
}

type here struct{}

func (here) Presence(context.Context, string) (string, error) { return "online", nil }

// rig is the room behind a real door, with a clock of its own and the accounts of
// the recorded exchanges, whose passwords are their names.
type rig struct {
	*testing.T
	now   time.Time
	db    *db.DB
	dir   *identity.Directory
	bus   *bus.Bus
	jobs  *jobs.Queue
	homes *homes
	post  *mailtest.Server
	room  *Room
	board *plug.Board
	door  *web.Door
	told  []event.NoticesChanged
	apps  map[string]string // app passwords
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func lite(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, schemas...)) }

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, now: time.Date(2026, 11, 22, 1, 55, 44, 0, time.UTC), db: d, homes: &homes{}, apps: map[string]string{}}
	clock := func() time.Time { return g.now }
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = clock
	for _, n := range []identity.NewUser{{ID: "olga", Password: "olga", Display: "Olga Ö. Capture"}, {ID: "otto", Password: "otto", Display: "Otto", Mail: "otto@example.com"},
		{ID: "oda", Password: "oda"}, {ID: "admin", Password: "admin", Groups: []string{identity.AdminGroup}}} {
		if _, err := g.dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	g.post = mailtest.Serve(t)
	sender := mail.New(mail.Config{Host: g.post.Host, Port: g.post.Port, Name: "Atrium", From: "atrium@example.com", TLS: g.post.TLS}, box)
	g.bus, g.jobs = bus.New(d, mem.New()), jobs.New(d)
	g.jobs.Now = clock
	sender.Plug(g.jobs)
	if g.room, err = New(d, g.dir, settings.New(d), g.homes, sender); err != nil {
		t.Fatal(err)
	}
	g.room.Now, g.room.Base, g.room.Presence = clock, "https://cloud.example.com", here{}
	g.room.Publish = func(ctx context.Context, tx *db.DB, ev bus.Event) error {
		g.told = append(g.told, ev.(event.NoticesChanged))
		return nil
	}
	m := web.NewMux()
	g.board = &plug.Board{Web: m, OCS: ocs.NewMux(m), Bus: g.bus, Jobs: g.jobs}
	g.room.Plug(g.board)
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{g.dir}}}, m)
	return g
}

func (g *rig) must(err error) {
	g.Helper()
	if err != nil {
		g.Fatal(err)
	}
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// app is an app password of somebody, made once.
func (g *rig) app(uid string) string {
	g.Helper()
	if g.apps[uid] == "" {
		g.apps[uid] = identity.AppPassword()
		_, err := g.dir.AddToken(g.Context(), identity.Token{UID: uid, Login: uid, Name: "test", Kind: identity.KindApp}, g.apps[uid])
		g.must(err)
	}
	return g.apps[uid]
}

// ask calls an endpoint as somebody and returns the status and the data. The form
// is given as names and values in turn.
func (g *rig) ask(as, method, path string, form ...string) (int, any) {
	g.Helper()
	q := url.Values{}
	for i := 0; i < len(form); i += 2 {
		q.Add(form[i], form[i+1])
	}
	r := httptest.NewRequest(method, "/ocs/v2.php/apps/notifications/api/"+path, strings.NewReader(q.Encode()))
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(as, as)
	w := g.serve(r)
	var doc struct{ OCS struct{ Data any } }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		g.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
	}
	return w.Code, doc.OCS.Data
}

// list is the subjects on somebody's list, and the ids.
func (g *rig) list(as string) (subjects []string, ids []string) {
	g.Helper()
	code, data := g.ask(as, "GET", "v2/notifications")
	if code != http.StatusOK {
		g.Fatalf("list of %s: %d", as, code)
	}
	for _, n := range data.([]any) {
		n := n.(map[string]any)
		subjects = append(subjects, n["subject"].(string))
		b, err := json.Marshal(int64(n["notification_id"].(float64)))
		g.must(err)
		ids = append(ids, string(b))
	}
	return subjects, ids
}

// reads holds somebody's list to some subjects, newest first.
func (g *rig) reads(as string, want ...string) {
	g.Helper()
	got, _ := g.list(as)
	if strings.Join(got, "|") != strings.Join(want, "|") {
		g.Errorf("%s reads %q, want %q", as, got, want)
	}
}
