package versions

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/retention"
	"atrium/internal/core/tree"
	"atrium/internal/feature/davfiles/desktest"
	"atrium/internal/infra/db"
)

// held lists the versions of a file, by name.
func (g *rig) held(e *files.Entry) []Version {
	g.Helper()
	vs, err := g.room.list(g.Context(), e)
	if err != nil {
		g.Fatal(err)
	}
	return vs
}

func (g *rig) url(e *files.Entry, v Version) string {
	return fmt.Sprintf("/versions/%d/%d", e.ID, v.Name)
}

const restore = "Destination: /remote.php/dav/versions/%s/restore/target"

func (g *rig) restores(status int, uid string, e *files.Entry, v Version) {
	g.Helper()
	g.Wants(status, uid, "MOVE", g.url(e, v), fmt.Sprintf(restore, uid))
}

// label names a version.
func (g *rig) label(uid string, e *files.Entry, v Version, label string) int {
	r := httptest.NewRequest("PROPPATCH", "/remote.php/dav/versions/"+uid+g.url(e, v), strings.NewReader(
		`<d:propertyupdate xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:set><d:prop><nc:version-label>`+label+`</nc:version-label></d:prop></d:set></d:propertyupdate>`))
	r.SetBasicAuth(uid, "x")
	w := httptest.NewRecorder()
	g.Door.ServeHTTP(w, r)
	return w.Code
}

// A write costs one statement for the version that it makes.
func TestAWriteCostsOneStatementMore(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		cost := func() int64 {
			ctx, count := db.Count(g.Context())
			if _, err := d.Write(ctx, "/x", files.Put{Body: strings.NewReader("new"), Size: 3}); err != nil {
				g.Fatal(err)
			}
			return count.Load()
		}
		cost()
		with := cost()
		g.Files.Hooks.Keepers = nil
		if without := cost(); with > without { // the other one takes the old content's reference back
			g.Errorf("%d statements, %d without versions", with, without)
		}
	})
}

func TestEachOfFiftyComesBack(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		body := func(i int) string { return strings.Repeat(fmt.Sprint(i, " "), i+1) }
		var e *files.Entry
		for i := range 50 {
			e = d.Put("/x", body(i), int64(1000+i/2)) // two of each second
			g.Time = g.Time.Add(time.Minute)
		}
		vs := g.held(e)
		if len(vs) != 50 {
			g.Fatalf("%d versions", len(vs))
		}
		slices.SortFunc(vs, func(a, b Version) int { return int(a.Content - b.Content) })
		for i, v := range vs {
			if got := g.Wants(200, "dave1", "GET", g.url(e, v)).Body.String(); got != body(i) {
				g.Errorf("version %d is %.40q", i, got)
			}
			g.restores(201, "dave1", e, v)
			if got := d.Text("/x"); got != body(i) {
				g.Errorf("version %d came back as %.40q", i, got)
			}
			g.Time = g.Time.Add(time.Minute)
		}
		if n := len(g.held(d.At("/x"))); n != 50 {
			g.Errorf("%d versions in the end", n)
		}
		g.Sound()
	})
}

// CVE-2016-9462: who may only read may not bring back what was.
func TestWhoMay(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		d.Folder("/s")
		d.Put("/s/x", "old", 1000)
		e := d.Put("/s/x", "new", 2000)
		old := g.held(e)[0]
		g.Wants(404, "dave2", "GET", g.url(e, old))
		g.Share("/s", files.Read)
		g.Wants(200, "dave2", "GET", g.url(e, old))
		g.restores(403, "dave2", e, old)
		g.Wants(403, "dave2", "DELETE", g.url(e, old))
		if w := g.label("dave2", e, old, "mine"); w != 403 {
			g.Errorf("a label: %d", w)
		}
		g.Share("/s", files.Read|files.Update)
		g.Wants(403, "dave2", "DELETE", g.url(e, old))
		g.restores(201, "dave2", e, old)
		if got := d.Text("/s/x"); got != "old" {
			g.Errorf("got %q", got)
		}
		g.Hangs[0].Perm = files.All &^ files.Read
		g.Wants(404, "dave2", "GET", g.url(e, old))
		g.Hangs = nil
		g.Wants(404, "dave2", "GET", g.url(e, old))
		g.Sound()
	})
}

func TestWhoWroteWhat(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		d.Folder("/s")
		d.Put("/s/x", "1", 1000)
		g.Share("/s", files.All)
		g.As("dave2").Put("/s/x", "22", 2000)
		v, err := g.Files.Through(g.Context(), &visitor, g.Hangs[0])
		if err != nil {
			g.Fatal(err)
		}
		desktest.Desk{View: v, Rig: g.Rig}.Put("/x", "333", 3000)
		e := d.Put("/s/x", "4444", 4000)
		var got []string
		for _, v := range g.held(e) {
			got = append(got, v.Author)
		}
		if want := []string{"dave1", "dave2", "", "dave1"}; !slices.Equal(got, want) {
			g.Errorf("by %q, want %q", got, want)
		}
		g.As("dave2").Put("/s/x", "55555", 5000)
		if err := errors.Join(g.People.Remove(g.Context(), "dave2"), g.Board.Jobs.Drain(g.Context())); err != nil {
			g.Fatal(err)
		}
		for _, v := range g.held(d.At("/s/x")) {
			if v.Author != "" && v.Author != "dave1" {
				g.Errorf("%d is still by %s", v.Name, v.Author)
			}
		}
	})
}

// Versions hang on the id: wherever the file goes they are there.
func TestVersionsStay(t *testing.T) {
	each(t, func(g *rig) {
		g.Files.Hooks.Keepers = append(g.Files.Hooks.Keepers, bin{})
		d := g.As("dave1")
		d.Folder("/a")
		d.Folder("/a/b")
		d.Put("/a/b/x", "old", 1000)
		d.Put("/a/b/x", "new", 2000)
		if _, _, err := d.Move(g.Context(), d.At("/a/b/x"), "/a/y", files.Refuse, nil); err != nil {
			g.Fatal(err)
		}
		folder := d.At("/a")
		if err := d.Remove(g.Context(), folder, nil); err != nil {
			g.Fatal(err)
		}
		trash, err := g.room.tree.SpaceOf(g.Context(), g.DB, tree.Trash, "dave1")
		if err != nil {
			g.Fatal(err)
		}
		in, err := g.room.tree.First(g.Context(), trash.Root, 2)
		if err != nil {
			g.Fatal(err)
		}
		if _, _, err := d.Return(g.Context(), in[0], trash.Root, "/back", files.Refuse, nil); err != nil {
			g.Fatal(err)
		}
		e := d.At("/back/y")
		vs := g.held(e)
		if len(vs) != 2 {
			g.Fatalf("got %+v", vs)
		}
		g.restores(201, "dave1", e, vs[0])
		if got := d.Text("/back/y"); got != "old" {
			g.Errorf("got %q", got)
		}
		g.Sound()
		g.Files.Hooks.Keepers = g.Files.Hooks.Keepers[:1]
		if err := d.Remove(g.Context(), d.At("/back"), nil); err != nil {
			g.Fatal(err)
		}
		g.Sound()
		if n, err := db.One(g.Context(), g.DB, db.Scan1[int64], "SELECT COUNT(*) FROM content"); err != nil || n != 0 {
			g.Errorf("%d contents left, %v", n, err)
		}
	})
}

// A file that is deleted past the trash takes its versions along.
func TestVersionsGoWithAFile(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		d.Put("/x", "old", 1000)
		e := d.Put("/x", "new", 2000)
		if err := d.Remove(g.Context(), e, nil); err != nil {
			g.Fatal(err)
		}
		g.Sound()
		if n, err := db.One(g.Context(), g.DB, db.Scan1[int64], "SELECT COUNT(*) FROM content"); err != nil || n != 0 {
			g.Errorf("%d contents left, %v", n, err)
		}
	})
}

func TestVersionsMakeRoom(t *testing.T) {
	each(t, func(g *rig) {
		if err := g.Files.SetQuota(g.Context(), "dave1", 100); err != nil {
			g.Fatal(err)
		}
		d := g.As("dave1")
		var e *files.Entry
		for i := range 4 {
			e = d.Put("/x", strings.Repeat("x", 30), int64(1000+i)) // never refused
			g.Time = g.Time.Add(time.Hour)
		}
		if err := g.room.MakeRoom(g.Context()); err != nil {
			g.Fatal(err)
		}
		if vs := g.held(e); len(vs) != 3 || vs[0].Name != 1001 {
			g.Errorf("got %+v", vs)
		}
		e = d.Put("/x", strings.Repeat("x", 100), 2000)
		if err := g.room.MakeRoom(g.Context()); err != nil {
			g.Fatal(err)
		}
		if vs := g.held(e); len(vs) != 1 {
			g.Errorf("got %+v", vs)
		}
		g.Sound()
	})
}

func TestRules(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		d.Put("/x", "1", 1000)
		d.Put("/x", "22", 2000)
		e := d.Put("/x", "333", 3000)
		if err := g.room.setLabel(g.Context(), e.ID, g.held(e)[0].Content, "kept"); err != nil {
			g.Fatal(err)
		}
		g.Time = g.Time.Add(100 * 24 * time.Hour)
		run := func(rule string, names ...int64) {
			g.Helper()
			if err := g.room.settings.Set(g.Context(), systemApp, ruleName, rule); err != nil {
				g.Fatal(err)
			}
			if err := errors.Join(g.room.Expire(g.Context()), g.room.Thin(g.Context())); err != nil {
				g.Fatal(err)
			}
			var got []int64
			for _, v := range g.held(e) {
				got = append(got, v.Name)
			}
			if !slices.Equal(got, names) {
				g.Errorf("%s: got %v, want %v", rule, got, names)
			}
		}
		run("disabled", 1000, 2000, 3000)
		run("auto", 1000, 2000, 3000) // the label keeps the one beside it
		run("auto, 200", 1000, 2000, 3000)
		run("auto, 90", 1000, 3000)
		g.Sound()
	})
}

// The younger, the denser; the youngest always stays, and nothing is left between
// two that are far enough apart.
func TestThinning(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	now := time.Unix(1795313482, 0)
	for range 200 {
		var vs []Version
		at := now.Add(-time.Duration(r.Int64N(int64(90 * 24 * time.Hour))))
		for i := range 300 {
			vs = append(vs, Version{Name: int64(i), Made: at})
			at = at.Add(time.Duration(r.Int64N(int64(now.Sub(at))/50 + 1)))
		}
		gone := thinned(vs, now, retention.Rule{})
		left := slices.DeleteFunc(slices.Clone(vs), func(v Version) bool { return slices.Contains(gone, v) })
		if left[len(left)-1] != vs[len(vs)-1] {
			t.Fatal("the youngest has gone")
		}
		if again := thinned(left, now, retention.Rule{}); len(again) > 0 {
			t.Errorf("%d more go the second time", len(again))
		}
		if none := thinned(vs, now, retention.Rule{Least: 200 * retention.Day}); len(none) > 0 {
			t.Errorf("%d go that are promised", len(none))
		}
	}
}

// A file that is written every second for an hour, and thinned meanwhile, keeps
// about one version a minute, and few of the last minute.
func TestWrittenEverySecond(t *testing.T) {
	g := lite(t)
	d := g.As("dave1")
	var e *files.Entry
	for i := range 1200 {
		e = d.Put("/x", fmt.Sprint(i), int64(i))
		g.Time = g.Time.Add(time.Second)
		if i%50 == 0 {
			if err := g.room.Thin(g.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := g.room.Thin(g.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(g.held(e)); n < 20 || n > 45 {
		t.Errorf("%d versions of twenty minutes", n)
	}
	g.Time = g.Time.Add(48 * time.Hour)
	if err := g.room.Thin(g.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(g.held(e)); n != 3 { // the first, the last, and what it holds
		t.Errorf("%d versions two days later", n)
	}
	g.Sound()
}

func TestCleanup(t *testing.T) {
	g := lite(t)
	d := g.As("dave1")
	d.Folder("/a")
	for _, p := range []string{"/x", "/a/y"} {
		d.Put(p, "old", 1000)
		d.Put(p, "new", 2000)
	}
	if n, err := g.room.cleanupBelow(g.Context(), d.View, d.At("/a")); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if n := len(g.held(d.At("/x"))); n != 2 {
		t.Errorf("%d versions", n)
	}
	if n, err := g.room.cleanup(g.Context(), ""); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	g.Sound()
}

// What failed to come back does no harm to what is kept.
func TestARestoreThatFails(t *testing.T) {
	g := lite(t)
	d := g.As("dave1")
	d.Put("/x", "old old old", 1000)
	e := d.Put("/x", "new", 2000)
	old := g.held(e)[0]
	if err := g.Files.SetQuota(g.Context(), "dave1", 5); err != nil {
		t.Fatal(err)
	}
	g.restores(507, "dave1", e, old)
	if _, err := d.Write(g.Context(), "/x", files.Put{Stored: &content.Content{ID: old.Content, Size: 11}, Known: true, Check: func(*files.Entry) error {
		return fault.Stale
	}}); !errors.Is(err, fault.Stale) {
		t.Errorf("got %v", err)
	}
	g.Wants(200, "dave1", "GET", g.url(e, old))
	g.Sound()
}
