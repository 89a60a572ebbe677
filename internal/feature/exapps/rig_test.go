package exapps

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/feature/exapps/route"
	"atrium/internal/feature/exapps/sign"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

const (
	password = "Olga-Capture-77!"
	secret   = "capture-secret-1"
	appID    = "capture_app"
)

// rig is the room behind a real door, on a real database, with an app that listens.
type rig struct {
	*testing.T
	room   *Room
	dir    *identity.Directory
	jobs   *jobs.Queue
	door   *web.Door
	now    time.Time
	told   []bus.Event
	app    *program
	landed []byte // what the last PUT to /remote.php/dav/files wrote
}

// program is an external app as it runs.
type program struct {
	*httptest.Server
	mu      sync.Mutex
	got     []*http.Request
	bodies  []string
	answer  http.HandlerFunc // nil: {"error":""}
	init    int              // status of /init
	enabled string           // what /enabled answers
}

func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.got, p.bodies = append(p.got, r), append(p.bodies, string(body))
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/heartbeat":
		_, _ = io.WriteString(w, `{"status":"ok"}`)
	case r.URL.Path == "/init":
		w.WriteHeader(p.init)
	case r.URL.Path == "/enabled":
		_, _ = io.WriteString(w, p.enabled)
	case r.URL.Path == "/scopes":
		_, _ = io.WriteString(w, `{"required":[3,30],"optional":[]}`)
	case p.answer != nil:
		p.answer(w, r)
	default:
		_, _ = io.WriteString(w, `{"error":""}`)
	}
}

// last is the last request the app got to a path.
func (p *program) last(path string) (*http.Request, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.got) - 1; i >= 0; i-- {
		if p.got[i].URL.Path == path {
			return p.got[i], p.bodies[i]
		}
	}
	return nil, ""
}

// basic finds people by their passwords.
type basic struct{ dir *identity.Directory }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.dir.SignIn(r.Context(), login, secret, web.Network(web.VisitOf(r.Context()).Addr))
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{jobs.Schema, identity.Schema, Schema}, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, now: time.Unix(1_800_000_000, 0), app: &program{init: http.StatusOK, enabled: `{"error":""}`}}
	g.app.Server = httptest.NewServer(g.app)
	t.Cleanup(g.app.Close)
	clock := func() time.Time { return g.now }
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = clock
	for _, n := range []identity.NewUser{{ID: "olga", Password: password, Display: "Olga Ö."}, {ID: "otto", Password: password},
		{ID: "admin", Password: password, Groups: []string{identity.AdminGroup}}} {
		if _, err := g.dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	g.room = New(d, g.dir, box)
	t.Cleanup(func() { _ = g.room.Close() })
	g.room.Now, g.room.Base = clock, "http://127.0.0.1:8081"
	g.room.Publish = func(_ context.Context, _ *db.DB, ev bus.Event) error {
		g.told = append(g.told, ev)
		return nil
	}
	g.jobs = jobs.New(d)
	g.jobs.Now = clock
	m := web.NewMux()
	b := &plug.Board{Web: m, OCS: ocs.NewMux(m), Jobs: g.jobs, Auth: &[]web.Authenticator{}}
	g.room.Plug(b)
	g.others(b)
	g.door = web.NewDoor(web.Config{Auth: append(*b.Auth, basic{g.dir}), Now: clock, Routes: -1}, m)
	return g
}

// others are routes of other rooms.
func (g *rig) others(b *plug.Board) {
	whoami := func(_ context.Context, r *ocs.Request) (any, error) {
		p := r.Caller()
		return map[string]any{"id": p.ID, "app": p.App, "scope": p.Scope}, nil
	}
	for _, path := range []string{"GET /cloud/user", "POST /cloud/user", "POST /apps/files_sharing/api/v1/shares"} {
		ocs.Handle(b.OCS, path, web.User, whoami)
	}
	b.Web.Prefix("/remote.php/dav/files", web.User|web.Basic, func(w http.ResponseWriter, r *http.Request) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		g.landed = body
		w.WriteHeader(http.StatusCreated)
		return nil
	}, web.In(who.FilesRoom))
}

// registered registers the app and starts it; change may change it first.
func (g *rig) registered(change func(a *App)) *App {
	g.Helper()
	u, err := url.Parse(g.app.URL)
	if err != nil {
		g.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		g.Fatal(err)
	}
	a := &App{ID: appID, Daemon: "manual", Version: "1.0.0", secret: secret, Settings: Settings{Name: "Capture App", Scheme: "http",
		Host: u.Hostname(), Port: port, Scopes: []string{"ALL"}, Routes: []route.Route{{URL: `^api\/.*$`, Verb: "GET,POST", Access: route.People}}}}
	if change != nil {
		change(a)
	}
	if _, err := daemonNamed(g.Context(), g.room.db, a.Daemon); err != nil {
		g.must(g.room.AddDaemon(g.Context(), &Daemon{Name: a.Daemon, Display: "Manual", Deploy: manual, Protocol: "http", Host: "127.0.0.1"}))
	}
	g.must(g.room.Register(g.Context(), a))
	g.must(g.jobs.Drain(g.Context()))
	return g.get()
}

// enabled is registered, with the app having told that it is ready.
func (g *rig) enabled(change func(a *App)) *App {
	g.Helper()
	g.app.init = http.StatusNotFound
	if a := g.registered(change); !a.Enabled {
		g.Fatalf("the app is not enabled: %+v", a.Status)
	}
	return g.get()
}

func (g *rig) get() *App {
	g.Helper()
	a, err := g.room.App(g.Context(), appID)
	g.must(err)
	return a
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

func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("OCS-APIRequest", "true")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// shared proves a request as today's protocol does.
func shared(r *http.Request, uid, secret string) *http.Request {
	r.Header.Set(sharedHeader, base64.StdEncoding.EncodeToString([]byte(uid+":"+secret)))
	r.Header.Set(sign.AppID, appID)
	r.Header.Set(sign.AppVersion, "1.0.0")
	return r
}

// signed proves a request as the signed protocol does.
func (g *rig) signed(r *http.Request, uid, body string) *http.Request {
	sign.Claim{Version: "1.0.0", App: appID, AppVersion: "1.0.0", User: uid, Hash: sign.Hash([]byte(body)), Time: g.now.Unix()}.
		Sign(secret, r.Method, r.RequestURI).Write(r.Header)
	return r
}

// data is what an OCS answer says, and its status.
func data[T any](g *rig, w *httptest.ResponseRecorder) (out T) {
	g.Helper()
	var env struct{ OCS struct{ Data T } }
	if err := json.Unmarshal(w.Body.Bytes(), &env); err != nil || w.Code != http.StatusOK {
		g.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return env.OCS.Data
}

func (g *rig) acted() (out []event.AccountChanged) {
	for _, ev := range g.told {
		if a, ok := ev.(event.AccountChanged); ok {
			out = append(out, a)
		}
	}
	return out
}
