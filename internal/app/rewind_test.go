package app

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/feature/rewind"
	"atrium/internal/feature/trash"
	"atrium/internal/feature/versions"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// past is a house of only what a rewind needs, with a clock of its own.
type past struct {
	testing.TB
	*files.View
	now      time.Time
	ctx      context.Context
	db       *db.DB
	tree     *tree.Tree
	content  *content.Store
	versions *versions.Room
	rewind   *rewind.Room
}

var pastSchemas = []db.Schema{identity.Schema, settings.Schema, jobs.Schema, tree.Schema, content.Schema, trash.Schema, versions.Schema, rewind.Schema}

func newPast(t testing.TB, d *db.DB) *past {
	t.Helper()
	p := &past{TB: t, db: d, ctx: t.Context(), now: time.Unix(1795313482, 0), tree: tree.New(d), content: content.New(d, mem.New())}
	clock := func() time.Time { return p.now }
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	people := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	if _, err := people.Create(p.ctx, identity.NewUser{ID: "alice", Password: "alice", Unjudged: true}); err != nil {
		t.Fatal(err)
	}
	told := func(context.Context, *db.DB, interface{ EventName() string }) error { return nil }
	f := files.New(d, p.tree, p.content, told)
	f.Now = clock
	vs, bin := versions.New(d, p.tree, f, p.content, people, settings.New(d)), trash.New(d, p.tree, f, people, settings.New(d))
	p.rewind = rewind.New(d, p.tree, p.content, f, people, rewind.Parts{Versions: vs, Trash: bin, Publish: told})
	vs.Now, bin.Now, p.rewind.Now, p.versions = clock, clock, clock, vs
	b := &plug.Board{Web: web.NewMux(), DAV: dav.NewMux("/remote.php/dav"), Hook: &f.Hooks, Jobs: jobs.New(d)}
	for _, r := range []plug.Room{p.rewind, vs, bin} {
		r.Plug(b)
	}
	if p.View, err = f.As(p.ctx, &who.Principal{ID: "alice"}); err != nil {
		t.Fatal(err)
	}
	return p
}

func eachPast(t *testing.T, f func(p *past)) {
	dbtest.Each(t, pastSchemas, func(t *testing.T, d *db.DB) { f(newPast(t, d)) })
}

// tick lets time pass and tells an instant after all that has happened, and before
// all that will.
func (p *past) tick() time.Time {
	p.now = p.now.Add(2 * time.Second)
	return p.now.Add(-time.Second)
}

func (p *past) put(path, body string) {
	p.Helper()
	if _, err := p.Write(p.ctx, path, files.Put{Body: strings.NewReader(body), Size: int64(len(body))}); err != nil {
		p.Fatalf("put %s: %v", path, err)
	}
}

func (p *past) mkdir(path string) {
	p.Helper()
	if _, err := p.Mkdir(p.ctx, path); err != nil {
		p.Fatalf("mkdir %s: %v", path, err)
	}
}

func (p *past) stat(path string) *files.Entry {
	p.Helper()
	e, err := p.Stat(p.ctx, path)
	if err != nil {
		p.Fatalf("stat %s: %v", path, err)
	}
	return e
}

func (p *past) move(from, to string) {
	p.Helper()
	if _, _, err := p.Move(p.ctx, p.stat(from), to, files.Overwrite, nil); err != nil {
		p.Fatalf("move %s: %v", from, err)
	}
}

func (p *past) rm(path string) {
	p.Helper()
	if err := p.Remove(p.ctx, p.stat(path), nil); err != nil {
		p.Fatalf("delete %s: %v", path, err)
	}
}

// all tells everything that is there: paths with ids and contents.
func (p *past) all() map[string]string {
	p.Helper()
	out := map[string]string{}
	for e, err := range p.Below(p.ctx, p.stat("/")) {
		if err != nil {
			p.Fatal(err)
		}
		out[e.Path] = fmt.Sprint(e.ID)
		if e.IsDir() {
			continue
		}
		rc, err := p.Open(p.ctx, e, 0, -1)
		if err != nil {
			p.Fatal(err)
		}
		b, err := io.ReadAll(rc)
		if err != nil {
			p.Fatal(err)
		}
		rc.Close()
		out[e.Path] += " " + string(b)
	}
	return out
}

func (p *past) back(path string, to time.Time) rewind.Report {
	p.Helper()
	would, err := p.rewind.Look(p.ctx, "alice", path, to)
	if err != nil {
		p.Fatal(err)
	}
	r, err := p.rewind.Rewind(p.ctx, "alice", path, to)
	if err != nil {
		p.Fatal(err)
	}
	if would != r {
		p.Errorf("it did %+v, and was to do %+v", r, would)
	}
	return r
}

func (p *past) want(when string, want map[string]string) {
	p.Helper()
	if diff := cmp.Diff(want, p.all()); diff != "" {
		p.Errorf("%s: (-then +now)\n%s", when, diff)
	}
}

func (p *past) sound() {
	p.Helper()
	if err := p.SettleAll(p.ctx); err != nil {
		p.Fatal(err)
	}
	if err := p.Verify(p.ctx, content.Bytes, []content.Counter{p.versions.Contents}, func(f string) { p.Error(f) }); err != nil {
		p.Fatal(err)
	}
}

// What a thief of files does in an hour is undone, and that is undone too.
func TestRewind(t *testing.T) {
	eachPast(t, func(p *past) {
		p.mkdir("/docs")
		p.mkdir("/docs/old")
		p.put("/docs/a.txt", "a")
		p.put("/docs/b.txt", "b")
		p.put("/docs/old/c.txt", "c")
		p.put("/d.txt", "d")
		then, good := p.tick(), p.all()
		p.put("/docs/a.txt", "encrypted")
		p.move("/docs/a.txt", "/docs/a.txt.locked")
		p.move("/docs/b.txt", "/b2.txt")
		p.put("/docs/b.txt", "another")
		p.rm("/docs/old")
		p.rm("/d.txt")
		p.mkdir("/docs/ransom")
		p.put("/docs/ransom/note.txt", "pay")
		p.move("/b2.txt", "/docs/ransom/b2.txt")
		before, bad := p.tick(), p.all()
		r := p.back("/", then)
		p.want("rewound", good)
		if want := (rewind.Report{Restored: 1, Returned: 2, Moved: 2, Trashed: 2}); r != want {
			t.Errorf("got %+v, want %+v", r, want)
		}
		p.sound()
		p.tick()
		p.back("/", before)
		p.want("undone", bad)
		p.tick()
		p.back("/", then)
		p.want("rewound again", good)
		p.sound()
	})
}

// Two that have changed names change them back; one folder only is rewound.
func TestRewindAFolder(t *testing.T) {
	eachPast(t, func(p *past) {
		for _, dir := range []string{"/in", "/in/a", "/in/b", "/out"} {
			p.mkdir(dir)
		}
		p.put("/in/a/x", "1")
		p.put("/in/b/x", "2")
		p.put("/out/y", "3")
		p.put("/in/z", "4")
		then, good := p.tick(), p.all()
		p.move("/in/a", "/in/t")
		p.move("/in/b", "/in/a")
		p.move("/in/t", "/in/b")
		p.move("/out/y", "/in/y")
		p.move("/in/z", "/out/z")
		p.put("/out/new", "stays")
		p.tick()
		p.back("/in", then)
		good["/out/new"] = p.all()["/out/new"]
		p.want("rewound", good)
		p.put("/in/z", "5")
		at := p.tick()
		p.put("/in/z", "6")
		p.put("/in/a/x", "7")
		p.tick()
		p.back("/in/z", at)
		got := p.all()
		if !strings.HasSuffix(got["/in/z"], " 5") || !strings.HasSuffix(got["/in/a/x"], " 7") {
			t.Errorf("got %v", got)
		}
		p.sound()
	})
}

// Whatever happens, each instant can be gone back to, in any order.
func TestRewindToAnyInstant(t *testing.T) {
	eachPast(t, func(p *past) {
		const rounds, ops = 2, 56
		r := rand.New(rand.NewPCG(15, 2))
		for range rounds {
			var instants []time.Time
			var states []map[string]string
			for i := range ops {
				p.anything(r)
				at := p.tick()
				if i%8 == 7 {
					instants, states = append(instants, at), append(states, p.all())
				}
			}
			for _, i := range r.Perm(len(instants)) {
				p.back("/", instants[i])
				p.want(fmt.Sprint("instant ", i), states[i])
				p.tick()
			}
			p.sound()
		}
	})
}

// anything does one random thing.
func (p *past) anything(r *rand.Rand) {
	p.Helper()
	now := p.all()
	paths := slices.Sorted(maps.Keys(now))
	folders := []string{""}
	for _, path := range paths {
		if !strings.Contains(now[path], " ") {
			folders = append(folders, path)
		}
	}
	pick := func(of []string) string { return of[r.IntN(len(of))] }
	fresh := pick(folders) + "/" + string(rune('a'+r.IntN(6)))
	if len(paths) == 0 {
		p.put(fresh, "1")
		return
	}
	some := pick(paths)
	var err error
	switch r.IntN(9) {
	case 0, 1:
		_, err = p.Write(p.ctx, fresh, files.Put{Body: strings.NewReader(fmt.Sprint(r.IntN(1000))), Size: -1})
	case 2:
		_, err = p.Write(p.ctx, some, files.Put{Body: strings.NewReader(fmt.Sprint(r.IntN(1000))), Size: -1})
	case 3:
		_, err = p.Mkdir(p.ctx, fresh)
	case 4, 5:
		_, _, err = p.Move(p.ctx, p.stat(some), fresh, files.Overwrite, nil)
	case 6:
		_, _, err = p.Copy(p.ctx, p.stat(some), fresh, files.CopyOptions{Clash: files.Overwrite})
	case 7:
		err = p.Remove(p.ctx, p.stat(some), nil)
	case 8:
		p.fromTrash(r, fresh)
	}
	_ = err // many of these make no sense
}

// fromTrash brings something back to a free path.
func (p *past) fromTrash(r *rand.Rand, to string) {
	sp, err := p.tree.SpaceOf(p.ctx, p.db, tree.Trash, "alice")
	if err != nil {
		return
	}
	in, err := p.tree.First(p.ctx, sp.Root, 1000)
	if err != nil || len(in) == 0 {
		return
	}
	n := in[r.IntN(len(in))]
	_, _, _ = p.Return(p.ctx, n, sp.Root, to, files.Refuse, func(tx *db.DB) error {
		_, err := tx.Exec(p.ctx, "DELETE FROM trashed WHERE node = ?", n.ID)
		return err
	})
}

func TestRewindKnowsItsBounds(t *testing.T) {
	p := newPast(t, dbtest.SQLite(t, pastSchemas...))
	for _, at := range []time.Time{p.now.Add(time.Hour), p.now.Add(-91 * 24 * time.Hour)} {
		if _, err := p.rewind.Rewind(p.ctx, "alice", "/", at); err == nil {
			t.Errorf("one can rewind to %v", at)
		}
	}
}

// BenchmarkRewind is 100,000 files that were overwritten and renamed.
func BenchmarkRewind(b *testing.B) {
	const n, perFolder = 100_000, 1000
	for range b.N {
		b.StopTimer()
		p := newPast(b, dbtest.SQLite(b, pastSchemas...))
		for d := range n / perFolder {
			p.mkdir(fmt.Sprintf("/%d", d))
		}
		for round, body := range []string{"good", "bad"} {
			for d := range n / perFolder {
				items := make([]files.Item, perFolder)
				for i := range items {
					items[i] = files.Item{Path: fmt.Sprintf("/%d/%d.txt", d, i), Put: files.Put{Body: strings.NewReader(body), Size: -1}}
				}
				for _, o := range p.WriteMany(p.ctx, items) {
					if o.Err != nil {
						b.Fatal(o.Err)
					}
				}
			}
			if round == 0 {
				p.tick()
			}
		}
		then := p.now.Add(-time.Second)
		for d := range n / perFolder {
			for e, err := range p.List(p.ctx, p.stat(fmt.Sprintf("/%d", d))) {
				if err != nil {
					b.Fatal(err)
				}
				if _, _, err := p.Move(p.ctx, e, e.Path+".locked", files.Refuse, nil); err != nil {
					b.Fatal(err)
				}
			}
		}
		p.tick()
		b.StartTimer()
		r, err := p.rewind.Rewind(p.ctx, "alice", "/", then)
		if err != nil || r.Restored != n || r.Moved != n {
			b.Fatalf("got %+v, %v", r, err)
		}
	}
}
