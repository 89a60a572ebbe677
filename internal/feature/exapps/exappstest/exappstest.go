// Package exappstest is an installation with an external app that listens, for the tests
// of the packages below exapps: accounts (olga, otto, and admin who is an administrator,
// each with the password Password), files, and the app as a program in this process.
package exappstest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
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
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/nodeinfo"
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

// What the accounts and the app know.
const (
	Password = "Olga-Capture-77!"
	Secret   = "capture-secret-1"
	ID       = "capture_app"
	Instance = "octest1234ab"
)

// Rig is the installation. Its clock stands still unless a test sets it.
type Rig struct {
	*testing.T
	DB    *db.DB
	Bus   *bus.Bus
	Jobs  *jobs.Queue
	Dir   *identity.Directory
	Files *files.Service
	Apps  *exapps.Room
	Board *plug.Board
	Now   time.Time
	App   *Program

	door *web.Door
}

// Each runs f on every database at hand, with the rooms that it makes of the rig, whose
// tables are in schemas.
func Each(t *testing.T, schemas []db.Schema, rooms func(g *Rig) []plug.Room, f func(g *Rig)) {
	t.Helper()
	all := append([]db.Schema{bus.Schema, jobs.Schema, settings.Schema, identity.Schema, tree.Schema, content.Schema, exapps.Schema}, schemas...)
	dbtest.Each(t, all, func(t *testing.T, d *db.DB) { f(open(t, d, rooms)) })
}

func open(t *testing.T, d *db.DB, rooms func(g *Rig) []plug.Room) *Rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &Rig{T: t, DB: d, Bus: bus.New(d, lock.New()), Jobs: jobs.New(d), Now: time.Unix(1_800_000_000, 0), App: &Program{}}
	g.Dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	for _, n := range []identity.NewUser{{ID: "olga", Password: Password, Display: "Olga Ö."}, {ID: "otto", Password: Password},
		{ID: "admin", Password: Password, Groups: []string{identity.AdminGroup}}} {
		_, err := g.Dir.Create(t.Context(), n)
		g.Must(err)
	}
	g.Files = files.New(d, tree.New(d), content.New(d, mem.New()), func(ctx context.Context, tx *db.DB, ev interface{ EventName() string }) error {
		return g.Bus.Publish(ctx, tx, ev)
	})
	clock := func() time.Time { return g.Now }
	g.Jobs.Now, g.Dir.Now = clock, clock
	g.Apps = exapps.New(d, g.Dir, box)
	g.Apps.Now, g.Apps.Base = clock, "http://127.0.0.1:8081"
	t.Cleanup(func() { _ = g.Apps.Close() })
	m := web.NewMux()
	g.Board = &plug.Board{Web: m, OCS: ocs.NewMux(m), Bus: g.Bus, Jobs: g.Jobs, Auth: &[]web.Authenticator{}}
	g.Apps.Plug(g.Board)
	for _, rm := range rooms(g) {
		rm.Plug(g.Board)
	}
	g.door = web.NewDoor(web.Config{Auth: append(*g.Board.Auth, basic{g.Dir}), Now: clock, Routes: -1}, m)
	g.register()
	return g
}

// basic finds people by their passwords.
type basic struct{ dir *identity.Directory }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.dir.SignIn(r.Context(), login, secret, netip.Prefix{})
}

// register has the app registered, and waits until it is enabled.
func (g *Rig) register() {
	g.Helper()
	g.App.Server = httptest.NewServer(g.App)
	g.Cleanup(g.App.Server.Close)
	u, err := url.Parse(g.App.Server.URL)
	g.Must(err)
	g.Must(g.Apps.AddDaemon(g.Context(), &exapps.Daemon{Name: "manual", Display: "By hand", Deploy: "manual-install", Protocol: "http", Host: u.Hostname()}))
	info := fmt.Sprintf(`{"name": "Capture App", "version": "1.0.0", "secret": %q, "port": %s, "scopes": ["ALL"]}`, Secret, u.Port())
	_, _, err = g.Apps.Enrol(g.Context(), ID, exapps.Wish{Daemon: "manual", Info: []byte(info)})
	g.Must(err)
	g.Drain()
	if a, err := g.Apps.App(g.Context(), ID); err != nil || !a.Enabled {
		g.Fatalf("the app is not enabled: %+v, %v", a, err)
	}
}

// Nodes describes files as the server does, with what the test says is a favourite.
func Nodes(favorites map[int64]bool) nodeinfo.Writer {
	return nodeinfo.Writer{Instance: Instance,
		Favorites: func(context.Context, string) (map[int64]bool, error) { return favorites, nil },
		Name:      func(_ context.Context, uid string) (string, error) { return strings.ToUpper(uid), nil }}
}

// Must ends the test at an error.
func (g *Rig) Must(err error) {
	g.Helper()
	if err != nil {
		g.Fatal(err)
	}
}

// Drain has events heard and jobs done that are due by the clock.
func (g *Rig) Drain() {
	g.Helper()
	g.Must(g.Bus.Drain(g.Context()))
	g.Must(g.Jobs.Drain(g.Context()))
}

// View is the tree of somebody.
func (g *Rig) View(uid string) *files.View {
	g.Helper()
	v, err := g.Files.As(g.Context(), &who.Principal{ID: uid})
	g.Must(err)
	return v
}

// Put writes a file of somebody and returns its id.
func (g *Rig) Put(uid, path, text string) int64 {
	g.Helper()
	w, err := g.View(uid).Write(g.Context(), path, files.Put{Body: strings.NewReader(text), Size: int64(len(text))})
	g.Must(err)
	return w.ID
}

// Serve answers a request as the server does.
func (g *Rig) Serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// Request is an OCS request for JSON with a body of JSON, or none.
func Request(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, "/ocs/v2.php"+path, strings.NewReader(body))
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// ByApp calls an endpoint as the app, on behalf of somebody or nobody (""), and returns
// the data; want is the status.
func (g *Rig) ByApp(want int, uid, method, path, body string) any {
	g.Helper()
	r := Request(method, path, body)
	r.Header.Set("AUTHORIZATION-APP-API", base64.StdEncoding.EncodeToString([]byte(uid+":"+Secret)))
	r.Header.Set("EX-APP-ID", ID)
	r.Header.Set("EX-APP-VERSION", "1.0.0")
	return g.data(want, r)
}

// By calls an endpoint as somebody.
func (g *Rig) By(want int, uid, method, path, body string) any {
	g.Helper()
	r := Request(method, path, body)
	r.SetBasicAuth(uid, Password)
	return g.data(want, r)
}

func (g *Rig) data(want int, r *http.Request) any {
	g.Helper()
	w := g.Serve(r)
	if w.Code == http.StatusNoContent && want == w.Code {
		return nil
	}
	var doc struct{ OCS struct{ Data any } }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != want {
		g.Fatalf("%s %s: %d %s, want %d (%v)", r.Method, r.URL, w.Code, w.Body, want, err)
	}
	return doc.OCS.Data
}

// Program is the app as it runs.
type Program struct {
	*httptest.Server
	// Answer answers what is not of the app's life; nil: {}.
	Answer http.HandlerFunc

	mu    sync.Mutex
	quiet bool
	got   []Got
}

// Got is a request that the app got.
type Got struct {
	*http.Request
	Body []byte
}

// User is on whose behalf the server says it asks.
func (r Got) User() string {
	text, err := base64.StdEncoding.DecodeString(r.Header.Get("AUTHORIZATION-APP-API"))
	if err != nil {
		return "?"
	}
	user, _, _ := strings.Cut(string(text), ":")
	return user
}

// Quiet has the app hang up on everybody, or listen again.
func (p *Program) Quiet(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = on
}

// ServeHTTP implements http.Handler.
func (p *Program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p.mu.Lock()
	quiet := p.quiet
	p.got = append(p.got, Got{r, body})
	p.mu.Unlock()
	if quiet {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/heartbeat":
		_, _ = io.WriteString(w, `{"status":"ok"}`)
	case r.URL.Path == "/init":
		w.WriteHeader(http.StatusNotFound)
	case r.URL.Path == "/enabled":
		_, _ = io.WriteString(w, `{"error":""}`)
	case p.Answer != nil:
		r.Body = io.NopCloser(bytes.NewReader(body))
		p.Answer(w, r)
	default:
		_, _ = io.WriteString(w, `{}`)
	}
}

// Take returns what came to a path since the last call.
func (p *Program) Take(path string) (out []Got) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.got {
		if r.URL.Path == path {
			out = append(out, r)
		}
	}
	p.got = slices.DeleteFunc(p.got, func(r Got) bool { return r.URL.Path == path })
	return out
}
