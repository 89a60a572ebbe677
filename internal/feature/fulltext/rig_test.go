package fulltext

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/cage"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	lock "atrium/internal/infra/lock/mem"
	"atrium/internal/proto/plug"
)

// The test binary is a cage when it is called as one.
func TestMain(m *testing.M) {
	cage.Main(os.Args[1:], Workers())
	os.Exit(m.Run())
}

var schemas = []db.Schema{bus.Schema, jobs.Schema, settings.Schema, tree.Schema, content.Schema, Schema}

// mounter shows folders of others.
type mounter map[string][]files.Mount

func (m mounter) Mounts(_ context.Context, p *who.Principal) ([]files.Mount, error) {
	return m[p.ID], nil
}

type rig struct {
	testing.TB
	ctx    context.Context
	db     *db.DB
	tree   *tree.Tree
	files  *files.Service
	set    *settings.Store
	bus    *bus.Bus
	jobs   *jobs.Queue
	board  *plug.Board
	room   *Room
	mounts mounter
	tmp    string // where cages have their folders
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(newRig(t, d, mem.New())) })
}

func lite(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, schemas...), mem.New()) }

func newRig(t testing.TB, d *db.DB, store blob.Driver) *rig {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{TB: t, ctx: t.Context(), db: d, mounts: mounter{}, tree: tree.New(d), set: settings.New(d), tmp: t.TempDir()}
	g.bus, g.jobs = bus.New(d, lock.New()), jobs.New(d)
	c := content.New(d, store)
	g.files = files.New(d, g.tree, c, func(ctx context.Context, tx *db.DB, ev interface{ EventName() string }) error {
		return g.bus.Publish(ctx, tx, ev)
	})
	g.files.Hooks.Mounters = []files.Mounter{g.mounts}
	g.room = New(d, g.tree, g.files, c, g.set, cage.New(self, g.tmp))
	g.board = &plug.Board{Bus: g.bus, Jobs: g.jobs, Hook: &g.files.Hooks}
	g.room.Plug(g.board)
	g.configure(setBudget, "100")
	return g
}

func (g *rig) configure(name, value string) {
	g.Helper()
	if err := g.set.Set(g.ctx, App, name, value); err != nil {
		g.Fatal(err)
	}
}

func (g *rig) view(uid string) *files.View {
	g.Helper()
	v, err := g.files.As(g.ctx, &who.Principal{ID: uid})
	if err != nil {
		g.Fatal(err)
	}
	return v
}

func (g *rig) put(uid, path, text string) *files.Entry {
	g.Helper()
	w, err := g.view(uid).Write(g.ctx, path, files.Put{Body: strings.NewReader(text), Size: int64(len(text))})
	if err != nil {
		g.Fatal(err)
	}
	return w.Entry
}

func (g *rig) mkdir(uid, path string) *files.Entry {
	g.Helper()
	e, err := g.view(uid).Mkdir(g.ctx, path)
	if err != nil {
		g.Fatal(err)
	}
	return e
}

// settle lets the index catch up.
func (g *rig) settle() {
	g.Helper()
	if err := g.bus.Drain(g.ctx); err != nil {
		g.Fatal(err)
	}
	if err := g.jobs.Drain(g.ctx); err != nil {
		g.Fatal(err)
	}
}

// finds asks the provider as a client does, and returns "path: snippet".
func (g *rig) finds(uid, term string) []string {
	g.Helper()
	f, err := contents{g.room}.Search(g.ctx, plug.Wanted{Who: &who.Principal{ID: uid}, Term: term, Limit: 10})
	if err != nil {
		g.Fatal(err)
	}
	out := []string{}
	for _, h := range f.Hits {
		out = append(out, h.Attributes["path"]+": "+h.Subline)
	}
	return out
}

// office makes a document of an office suite.
func office(t testing.TB, part, xml string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(part)
	if err == nil {
		_, err = io.WriteString(w, xml)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
