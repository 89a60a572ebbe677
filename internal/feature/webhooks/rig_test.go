package webhooks

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	lock "atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

var schemas = []db.Schema{bus.Schema, jobs.Schema, settings.Schema, identity.Schema, tree.Schema, content.Schema, Schema}

// rig is the room behind a real door with a clock of its own, over files and accounts:
// admin, and olga and otto, whose passwords are their names.
type rig struct {
	*testing.T
	now   time.Time
	db    *db.DB
	bus   *bus.Bus
	jobs  *jobs.Queue
	dir   *identity.Directory
	files *files.Service
	room  *Room
	door  *web.Door
}

type basic struct{ dir *identity.Directory }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.dir.SignIn(r.Context(), login, secret, netip.Prefix{})
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
	g := &rig{T: t, now: time.Date(2026, 11, 22, 2, 17, 40, 0, time.UTC), db: d, bus: bus.New(d, lock.New()), jobs: jobs.New(d),
		dir: identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))}
	clock := func() time.Time { return g.now }
	publish := func(ctx context.Context, tx *db.DB, ev interface{ EventName() string }) error {
		return g.bus.Publish(ctx, tx, ev)
	}
	g.files = files.New(d, tree.New(d), content.New(d, mem.New()), publish)
	s := settings.New(d)
	g.room = New(d, g.dir, g.files, s, box)
	g.room.Now, g.jobs.Now = clock, clock
	m := web.NewMux()
	g.room.Plug(&plug.Board{Web: m, OCS: ocs.NewMux(m), Bus: g.bus, Jobs: g.jobs})
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{g.dir}}}, m)
	for _, n := range []identity.NewUser{{ID: "admin", Password: "admin", Groups: []string{identity.AdminGroup}},
		{ID: "olga", Password: "olga", Display: "Olga Ö. Capture"}, {ID: "otto", Password: "otto"}} {
		if _, err := g.dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Set(t.Context(), app, allowLocal.Name, "yes"); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// ask calls an endpoint as the administrator with a body of JSON and returns the data.
func (g *rig) ask(want int, method, path, body string) any {
	g.Helper()
	r := httptest.NewRequest(method, "/ocs/v2.php/apps/webhook_listeners/api/v1/"+path, strings.NewReader(body))
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth("admin", "admin")
	w := g.serve(r)
	var doc struct{ OCS struct{ Data any } }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != want {
		g.Fatalf("%s %s %s: %d %s, want %d (%v)", method, path, body, w.Code, w.Body, want, err)
	}
	return doc.OCS.Data
}

// register makes a webhook of these members of JSON besides, and returns its id and
// secret.
func (g *rig) register(uri, event, more string) (int64, string) {
	g.Helper()
	class, err := json.Marshal(event)
	if err != nil {
		g.Fatal(err)
	}
	made := g.ask(200, "POST", "webhooks", `{"httpMethod": "POST", "uri": "`+uri+`", "event": `+string(class)+more+`}`).(map[string]any)
	return int64(made["id"].(float64)), made["secret"].(string)
}

// say publishes events, each in a transaction of its own.
func (g *rig) say(evs ...bus.Event) {
	g.Helper()
	for _, ev := range evs {
		if err := g.db.Tx(g.Context(), func(tx *db.DB) error { return g.bus.Publish(g.Context(), tx, ev) }); err != nil {
			g.Fatal(err)
		}
	}
}

// drain does all jobs that are due by the clock.
func (g *rig) drain() {
	g.Helper()
	if err := g.jobs.Drain(g.Context()); err != nil {
		g.Fatal(err)
	}
}

// view is the tree of somebody.
func (g *rig) view(uid string) *files.View {
	g.Helper()
	v, err := g.files.As(g.Context(), &who.Principal{ID: uid})
	if err != nil {
		g.Fatal(err)
	}
	return v
}

// put writes a file of somebody and returns its id.
func (g *rig) put(uid, path string) int64 {
	g.Helper()
	w, err := g.view(uid).Write(g.Context(), path, files.Put{Body: strings.NewReader(path), Size: int64(len(path))})
	if err != nil {
		g.Fatal(err)
	}
	return w.ID
}

// receiver is a server that takes webhooks.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer func(w http.ResponseWriter, r *http.Request) // instead of 200; may be nil
}

type received struct {
	*http.Request
	body string
	json map[string]any
}

func (g *rig) receiver(answer func(w http.ResponseWriter, r *http.Request)) *receiver {
	g.Helper()
	rc := &receiver{answer: answer}
	rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		one := received{Request: r, body: string(body)}
		if err == nil {
			err = json.Unmarshal(body, &one.json)
		}
		if err != nil {
			g.Errorf("%s: %v", body, err)
		}
		rc.mu.Lock()
		rc.got = append(rc.got, one)
		rc.mu.Unlock()
		if rc.answer != nil {
			rc.answer(w, r)
		}
	}))
	g.Cleanup(rc.Close)
	return rc
}

// take returns what came since the last call.
func (rc *receiver) take() []received {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	got := rc.got
	rc.got = nil
	return got
}
