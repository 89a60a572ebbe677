package shares

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
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
	"atrium/internal/infra/seal"
)

// rig is the room over real parts, with a clock of its own, four accounts and the
// group otters with otto and oda in it.
type rig struct {
	*testing.T
	ctx    context.Context
	db     *db.DB
	now    time.Time
	dir    *identity.Directory
	files  *files.Service
	room   *Room
	mu     sync.Mutex
	events []interface{ EventName() string }
}

func schemas() []db.Schema {
	return []db.Schema{settings.Schema, identity.Schema, tree.Schema, content.Schema, Schema}
}

func each(t *testing.T, f func(g *rig)) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func lite(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, schemas()...)) }

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, ctx: t.Context(), db: d, now: time.Date(2026, 11, 22, 2, 13, 22, 0, time.UTC)}
	clock := func() time.Time { return g.now }
	hashes := seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4)
	g.dir = identity.New(d, box, hashes)
	g.dir.Now = clock
	g.must(g.dir.CreateGroup(g.ctx, "otters", ""))
	for _, n := range []identity.NewUser{{ID: "olga"}, {ID: "otto", Display: "Otto", Groups: []string{"otters"}}, {ID: "oda", Groups: []string{"otters"}}, {ID: "oskar"}} {
		_, err := g.dir.Create(g.ctx, n)
		g.must(err)
	}
	g.files = files.New(d, tree.New(d), content.New(d, mem.New()), g.publish)
	g.files.Now = clock
	g.room = New(d, tree.New(d), g.files, g.dir, settings.New(d), hashes, g.publish)
	g.room.Now = clock
	g.files.Hooks.Mounters = []files.Mounter{g.room}
	g.files.Hooks.Moved = append(g.files.Hooks.Moved, g.room.moved)
	g.files.Hooks.Erased = append(g.files.Hooks.Erased, g.room.erased)
	return g
}

func (g *rig) publish(_ context.Context, tx *db.DB, ev interface{ EventName() string }) error {
	tx.AfterCommit(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.events = append(g.events, ev)
	})
	return nil
}

func (g *rig) must(err error) {
	g.Helper()
	if err != nil {
		g.Fatal(err)
	}
}

// later lets so much time pass that nothing is remembered any more.
func (g *rig) later() { g.now = g.now.Add(time.Second) }

// view is somebody's tree with short verbs.
type view struct {
	*files.View
	g *rig
}

func (g *rig) as(uid string) view {
	g.Helper()
	v, err := g.files.As(g.ctx, &who.Principal{ID: uid})
	g.must(err)
	return view{v, g}
}

func (v view) put(path, body string) *files.Entry {
	v.g.Helper()
	w, err := v.Write(v.g.ctx, path, files.Put{Body: strings.NewReader(body), Size: int64(len(body))})
	v.g.must(err)
	return w.Entry
}

func (v view) mkdir(path string) *files.Entry {
	v.g.Helper()
	e, err := v.Mkdir(v.g.ctx, path)
	v.g.must(err)
	return e
}

func (v view) stat(path string) *files.Entry {
	v.g.Helper()
	e, err := v.Stat(v.g.ctx, path)
	if err != nil {
		v.g.Fatalf("%s: %v", path, err)
	}
	return e
}

func (v view) get(path string) string {
	v.g.Helper()
	rc, err := v.Open(v.g.ctx, v.stat(path), 0, -1)
	if err != nil {
		return fault.Of(err).Error()
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	v.g.must(err)
	return string(b)
}

// all lists everything that somebody sees, with the rights: "/a/b rucds".
func (g *rig) all(uid string) (out []string) {
	g.Helper()
	v := g.as(uid)
	for e, err := range v.Below(g.ctx, v.stat("/")) {
		g.must(err)
		out = append(out, e.Path+" "+letters(e.Perm()))
	}
	slices.Sort(out)
	return out
}

// sees holds that to what is wanted, and entries alone and by id to the listing.
func (g *rig) sees(uid string, want ...string) {
	g.Helper()
	if got := g.all(uid); !slices.Equal(got, want) {
		g.Errorf("%s sees %q, want %q", uid, got, want)
	}
}

func letters(p files.Perm) string {
	var b strings.Builder
	for i, c := range "rucds" {
		if p&(1<<i) != 0 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// give shares without any rule being asked.
func (g *rig) give(kind Kind, e *files.Entry, sharer, recipient string, perms files.Perm) Share {
	g.Helper()
	s, err := g.room.begin(g.ctx, Share{Kind: kind, Node: e.ID, Owner: e.Mount.Owner, Sharer: sharer, Recipient: recipient, Perms: perms,
		Created: g.now, Target: e.Base()})
	g.must(err)
	return s
}
