package versions

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

var schemas = []db.Schema{identity.Schema, settings.Schema, jobs.Schema, tree.Schema, content.Schema, Schema}

// byName lets everybody in who gives a name.
type byName struct{ scope *who.Scope }

func (b *byName) Authenticate(r *http.Request) (*who.Principal, error) {
	name, _, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return &who.Principal{ID: name, Login: name, Via: who.ViaAppPassword, Scope: b.scope}, nil
}

var visitor = who.Principal{Link: 7, Display: "Visitor"}

// bin is a keeper that takes all that is removed, as the trash does.
type bin struct{}

func (bin) Overwritten(context.Context, *db.DB, *files.Entry) (bool, error) { return false, nil }
func (bin) Removed(ctx context.Context, tx *db.DB, r *files.Removal) (bool, error) {
	_, err := r.Trash(ctx, tx)
	return true, err
}

// rig is the room behind a real door, with a clock of its own.
type rig struct {
	*testing.T
	now     time.Time
	db      *db.DB
	dir     *identity.Directory
	files   *files.Service
	content *content.Store
	room    *Room
	board   *plug.Board
	door    *web.Door
	auth    *byName
	hangs   []files.Mount // what hangs in the files of dave2
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
	g := &rig{T: t, db: d, now: time.Unix(1795313482, 0), auth: &byName{}}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	for id, display := range map[string]string{"dave1": "Dave1 Dav", "dave2": "Dave2 Dav"} {
		if _, err := g.dir.Create(t.Context(), identity.NewUser{ID: id, Password: id, Display: display, Unjudged: true}); err != nil {
			t.Fatal(err)
		}
	}
	g.content = content.New(d, mem.New())
	tr := tree.New(d)
	g.files = files.New(d, tr, g.content, func(context.Context, *db.DB, interface{ EventName() string }) error { return nil })
	g.dir.OnRemoved(g.files.DropHome)
	g.files.Hooks.Mounters = []files.Mounter{g}
	g.room = New(d, tr, g.files, g.content, g.dir, settings.New(d))
	g.room.Now = func() time.Time { return g.now }
	g.files.Now = g.room.Now
	m := web.NewMux()
	g.board = &plug.Board{Web: m, DAV: dav.NewMux("/remote.php/dav"), Hook: &g.files.Hooks, Jobs: jobs.New(d)}
	g.room.Plug(g.board)
	g.board.DAV.Mount("files", aside{})
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{g.auth}}, m)
	return g
}

// aside stands for the files' own DAV tree, as the place that something goes to.
type aside struct{}

func (aside) Stat(context.Context, string) (dav.Resource, error) {
	return dav.Resource{}, fault.NotFound
}
func (aside) List(context.Context, dav.Resource) iter.Seq2[dav.Resource, error] {
	return func(func(dav.Resource, error) bool) {}
}

// Mounts implements files.Mounter.
func (g *rig) Mounts(_ context.Context, p *who.Principal) ([]files.Mount, error) {
	if p.ID != "dave2" {
		return nil, nil
	}
	return g.hangs, nil
}

// share hangs a folder of dave1 into the files of dave2.
func (g *rig) share(path string, perm files.Perm) {
	g.Helper()
	e := g.as("dave1").stat(path)
	g.hangs = []files.Mount{{Path: strings.Split(path[1:], "/"), Space: e.Mount.Space, Root: e.ID, Perm: perm, Kind: "shared", Owner: "dave1"}}
}

// desk is somebody's files.
type desk struct {
	*files.View
	g *rig
}

func (g *rig) as(uid string) desk {
	g.Helper()
	v, err := g.files.As(g.Context(), &who.Principal{ID: uid})
	if err != nil {
		g.Fatal(err)
	}
	return desk{v, g}
}

func (d desk) put(path, body string, mtime int64) *files.Entry {
	d.g.Helper()
	w, err := d.Write(d.g.Context(), path, files.Put{Body: strings.NewReader(body), Size: int64(len(body)), MTime: time.Unix(mtime, 0)})
	if err != nil {
		d.g.Fatalf("put %s: %v", path, err)
	}
	return w.Entry
}

func (d desk) mkdir(path string) *files.Entry {
	d.g.Helper()
	e, err := d.Mkdir(d.g.Context(), path)
	if err != nil {
		d.g.Fatalf("mkdir %s: %v", path, err)
	}
	return e
}

func (d desk) stat(path string) *files.Entry {
	d.g.Helper()
	e, err := d.Stat(d.g.Context(), path)
	if err != nil {
		d.g.Fatalf("stat %s: %v", path, err)
	}
	return e
}

func (d desk) get(path string) string {
	d.g.Helper()
	rc, err := d.Open(d.g.Context(), d.stat(path), 0, -1)
	if err != nil {
		d.g.Fatal(err)
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		d.g.Fatal(err)
	}
	return string(b)
}

// do makes a DAV request below the versions of somebody.
func (g *rig) do(uid, method, path string, headers ...string) *httptest.ResponseRecorder {
	g.Helper()
	r := httptest.NewRequest(method, "/remote.php/dav/versions/"+uid+path, nil)
	r.SetBasicAuth(uid, "x")
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

func (g *rig) wants(status int, uid, method, path string, headers ...string) *httptest.ResponseRecorder {
	g.Helper()
	w := g.do(uid, method, path, headers...)
	if w.Code != status {
		g.Errorf("%s %s: %d, want %d\n%s", method, path, w.Code, status, w.Body)
	}
	return w
}

// sound sweeps, and holds all tables to each other.
func (g *rig) sound() {
	g.Helper()
	if err := g.files.Purge(g.Context()); err != nil {
		g.Fatal(err)
	}
	if _, err := g.content.Sweep(g.Context()); err != nil {
		g.Fatal(err)
	}
	if err := g.files.Verify(g.Context(), content.Bytes, []content.Counter{g.room.Contents}, func(f string) { g.Error(f) }); err != nil {
		g.Fatal(err)
	}
}
