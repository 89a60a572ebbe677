// Package desktest is the files of two people behind a real door, with a clock of
// its own, for the tests of rooms that keep what files lose: a test writes and
// deletes at somebody's desk, asks over DAV, and holds all tables to each other.
package desktest

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
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
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Rig is dave1 and dave2 with their files. The room under test is plugged into Board.
type Rig struct {
	*testing.T
	Time    time.Time // at present; a test moves it
	DB      *db.DB
	People  *identity.Directory
	Tree    *tree.Tree
	Files   *files.Service
	Content *content.Store
	Board   *plug.Board
	Door    *web.Door
	Scope   *who.Scope    // of whoever calls, nil: everything
	Hangs   []files.Mount // what hangs in the files of dave2
	// Counters count references to contents beside those of files.
	Counters []content.Counter

	root string
}

// Schemas is what a Rig needs, and further ones.
func Schemas(more ...db.Schema) []db.Schema {
	return append([]db.Schema{identity.Schema, settings.Schema, jobs.Schema, tree.Schema, content.Schema}, more...)
}

// New makes a Rig over a database with the tables of Schemas, whose requests go to a
// DAV mount, such as "trashbin".
func New(t *testing.T, d *db.DB, mount string) *Rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &Rig{T: t, DB: d, Time: time.Unix(1795313482, 0), Tree: tree.New(d), Content: content.New(d, mem.New()), root: "/remote.php/dav/" + mount + "/"}
	g.People = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	for id, display := range map[string]string{"dave1": "Dave1 Dav", "dave2": "Dave2 Dav"} {
		if _, err := g.People.Create(t.Context(), identity.NewUser{ID: id, Password: id, Display: display, Unjudged: true}); err != nil {
			t.Fatal(err)
		}
	}
	g.Files = files.New(d, g.Tree, g.Content, func(context.Context, *db.DB, interface{ EventName() string }) error { return nil })
	g.People.OnRemoved(g.Files.DropHome)
	g.Files.Hooks.Mounters = []files.Mounter{g}
	m := web.NewMux()
	g.Board = &plug.Board{Web: m, DAV: dav.NewMux("/remote.php/dav"), Hook: &g.Files.Hooks, Jobs: jobs.New(d)}
	g.Board.DAV.Mount("files", aside{})
	g.Door = web.NewDoor(web.Config{Auth: []web.Authenticator{g}}, m)
	return g
}

// Now is the rig's clock.
func (g *Rig) Now() time.Time { return g.Time }

// Authenticate implements web.Authenticator: everybody is let in who gives a name.
func (g *Rig) Authenticate(r *http.Request) (*who.Principal, error) {
	name, _, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return &who.Principal{ID: name, Login: name, Via: who.ViaAppPassword, Scope: g.Scope}, nil
}

// aside stands for the files' own DAV tree, as the place that something goes to.
type aside struct{}

// Stat implements dav.Collection.
func (aside) Stat(context.Context, string) (dav.Resource, error) {
	return dav.Resource{}, fault.NotFound
}

// List implements dav.Collection.
func (aside) List(context.Context, dav.Resource) iter.Seq2[dav.Resource, error] {
	return func(func(dav.Resource, error) bool) {}
}

// Mounts implements files.Mounter.
func (g *Rig) Mounts(_ context.Context, p *who.Principal) ([]files.Mount, error) {
	if p.ID != "dave2" {
		return nil, nil
	}
	return g.Hangs, nil
}

// Share hangs a folder of dave1 into the files of dave2.
func (g *Rig) Share(path string, perm files.Perm) {
	g.Helper()
	e := g.As("dave1").At(path)
	g.Hangs = []files.Mount{{Path: strings.Split(path[1:], "/"), Space: e.Mount.Space, Root: e.ID, Perm: perm, Kind: "shared", Owner: "dave1"}}
}

// Do makes a DAV request below somebody's part of the mount.
func (g *Rig) Do(uid, method, path string, headers ...string) *httptest.ResponseRecorder {
	g.Helper()
	r := httptest.NewRequest(method, g.root+uid+path, nil)
	r.SetBasicAuth(uid, "x")
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	g.Door.ServeHTTP(w, r)
	return w
}

// Wants makes a request and checks its status.
func (g *Rig) Wants(status int, uid, method, path string, headers ...string) *httptest.ResponseRecorder {
	g.Helper()
	w := g.Do(uid, method, path, headers...)
	if w.Code != status {
		g.Errorf("%s %s: %d, want %d\n%s", method, path, w.Code, status, w.Body)
	}
	return w
}

// Sound sweeps, and holds all tables to each other.
func (g *Rig) Sound() {
	g.Helper()
	if err := g.Files.Purge(g.Context()); err != nil {
		g.Fatal(err)
	}
	if _, err := g.Content.Sweep(g.Context()); err != nil {
		g.Fatal(err)
	}
	if err := g.Files.Verify(g.Context(), content.Bytes, g.Counters, func(f string) { g.Error(f) }); err != nil {
		g.Fatal(err)
	}
}

// Desk is somebody's files.
type Desk struct {
	*files.View
	Rig *Rig
}

// As sits down at somebody's desk.
func (g *Rig) As(uid string) Desk {
	g.Helper()
	v, err := g.Files.As(g.Context(), &who.Principal{ID: uid})
	if err != nil {
		g.Fatal(err)
	}
	return Desk{v, g}
}

// Put writes a file, last changed at a Unix time, in 2017 without one.
func (d Desk) Put(path, body string, mtime ...int64) *files.Entry {
	d.Rig.Helper()
	at := append(mtime, 1500000000)[0]
	w, err := d.Write(d.Rig.Context(), path, files.Put{Body: strings.NewReader(body), Size: int64(len(body)), MTime: time.Unix(at, 0)})
	if err != nil {
		d.Rig.Fatalf("put %s: %v", path, err)
	}
	return w.Entry
}

// Folder makes a folder.
func (d Desk) Folder(path string) *files.Entry {
	d.Rig.Helper()
	e, err := d.Mkdir(d.Rig.Context(), path)
	if err != nil {
		d.Rig.Fatalf("mkdir %s: %v", path, err)
	}
	return e
}

// At is what lies at a path.
func (d Desk) At(path string) *files.Entry {
	d.Rig.Helper()
	e, err := d.Stat(d.Rig.Context(), path)
	if err != nil {
		d.Rig.Fatalf("stat %s: %v", path, err)
	}
	return e
}

// Drop deletes something and gives what it was.
func (d Desk) Drop(path string) *files.Entry {
	d.Rig.Helper()
	e := d.At(path)
	if err := d.Remove(d.Rig.Context(), e, nil); err != nil {
		d.Rig.Fatalf("delete %s: %v", path, err)
	}
	return e
}

// Text is the content of a file.
func (d Desk) Text(path string) string {
	d.Rig.Helper()
	rc, err := d.Open(d.Rig.Context(), d.At(path), 0, -1)
	if err != nil {
		d.Rig.Fatal(err)
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		d.Rig.Fatal(err)
	}
	return string(b)
}

// Names are what lies in a folder.
func (d Desk) Names(path string) (out []string) {
	d.Rig.Helper()
	for e, err := range d.List(d.Rig.Context(), d.At(path)) {
		if err != nil {
			d.Rig.Fatal(err)
		}
		out = append(out, e.Base())
	}
	return out
}

// Holds checks what lies in a folder.
func (d Desk) Holds(path string, names ...string) {
	d.Rig.Helper()
	if got := d.Names(path); !slices.Equal(got, names) {
		d.Rig.Errorf("%s holds %q, want %q", path, got, names)
	}
}
