package search

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
)

func (g *rig) want(as, query string, want ...string) {
	g.Helper()
	if diff := cmp.Diff(append([]string{}, want...), g.finds(as, query)); diff != "" {
		g.Errorf("%s finds with %s: -want +got\n%s", as, query, diff)
	}
}

func TestNamesAreFoundByTheirParts(t *testing.T) {
	each(t, func(g *rig) {
		g.put("ann", "/Ärger im Büro.txt", "/a/b/c/Annual Report 2025.pdf", "/50%_off.txt", "/日本語.md", "/x")
		for range 2 { // as rows, then as a block
			g.settle()
			g.want("ann", term("arger"), "/Ärger im Büro.txt")
			g.want("ann", term("BÜRO ärg"), "/Ärger im Büro.txt")
			g.want("ann", term("nual rep"), "/a/b/c/Annual Report 2025.pdf")
			g.want("ann", term("2025 annual"), "/a/b/c/Annual Report 2025.pdf")
			g.want("ann", term("annualreport"))
			g.want("ann", term("50%"), "/50%_off.txt")
			g.want("ann", term("%_o"), "/50%_off.txt")
			g.want("ann", term("本"), "/日本語.md")
			g.want("ann", term("x"), "/Ärger im Büro.txt", "/50%_off.txt", "/x")
			g.want("ann", term("c"), "/a/b/c")
			g.want("bob", term("x"))
			g.gather("ann")
		}
	})
}

// gather makes blocks of all that somebody has.
func (g *rig) gather(uid string) {
	g.Helper()
	root := g.view(uid).Reaches()[0].Root
	if err := g.room.build(g.ctx, place{root, root}); err != nil {
		g.Fatal(err)
	}
	if _, err := g.db.Exec(g.ctx, "DELETE FROM search_name WHERE space = ?", root); err != nil {
		g.Fatal(err)
	}
}

// Whether a name is a row, in a block, or both: what is shown is what is true.
func TestFindsAreWhatTheTreeSays(t *testing.T) {
	each(t, func(g *rig) {
		g.put("ann", "/old/plan.txt", "/old/plan b.txt", "/keep/plan c.txt")
		g.settle()
		g.gather("ann")
		v := g.view("ann")
		stat := func(p string) *files.Entry {
			e, err := v.Stat(g.ctx, p)
			if err != nil {
				g.Fatal(err)
			}
			return e
		}
		if err := v.Remove(g.ctx, stat("/keep/plan c.txt"), nil); err != nil {
			g.Fatal(err)
		}
		if _, _, err := v.Move(g.ctx, stat("/old/plan b.txt"), "/old/idea.txt", files.Refuse, nil); err != nil {
			g.Fatal(err)
		}
		g.want("ann", term("plan"), "/old/plan.txt") // before the index knows
		g.settle()
		g.want("ann", term("plan"), "/old/plan.txt")
		g.want("ann", term("idea"), "/old/idea.txt")
		if _, _, err := v.Move(g.ctx, stat("/old"), "/keep/new", files.Refuse, nil); err != nil {
			g.Fatal(err)
		}
		g.want("ann", term("plan"), "/keep/new/plan.txt")
		g.settle()
		g.want("ann", term("new"), "/keep/new")
		g.want("ann", term("old"))
		rows, err := db.One(g.ctx, g.db, db.Scan1[int], "SELECT COUNT(*) FROM search_name")
		if err != nil || rows != 2 {
			g.Errorf("moving a folder wrote %d rows, %v", rows, err)
		}
	})
}

func TestCopiesAndWhatComesFromElsewhereAreFound(t *testing.T) {
	g := lite(t)
	g.put("ann", "/src/deep/needle.txt")
	v := g.view("ann")
	e, err := v.Stat(g.ctx, "/src")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Copy(g.ctx, e, "/copy", files.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	g.settle()
	got := g.finds("ann", term("needle"))
	slices.Sort(got)
	if want := []string{"/copy/deep/needle.txt", "/src/deep/needle.txt"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestFilters(t *testing.T) {
	each(t, func(g *rig) {
		g.put("ann", "/pics/a.png", "/pics/b.jpg", "/notes.txt", "/pics/sub/long name of a picture.png")
		fav := g.stat("ann", "/notes.txt")
		g.room.Favorites = func(_ context.Context, uid string) (map[int64]bool, error) {
			return map[int64]bool{fav.ID: uid == "ann"}, nil
		}
		g.tags = map[string]map[int64]bool{"7": {fav.ID: true, g.stat("ann", "/pics/a.png").ID: true}}
		for range 2 {
			g.settle()
			g.want("ann", "term=&mime=image/png", "/pics/a.png", "/pics/sub/long name of a picture.png")
			g.want("ann", "term=a&mime=image/png&limit=1", "/pics/a.png")
			g.want("ann", "type=image&until=2020-12-31T22:30:00Z", "/pics/sub/long name of a picture.png")
			g.want("ann", "type=image&since=1609455600", "/pics/a.png", "/pics/b.jpg")
			g.want("ann", "mime=image/*&min-size=20", "/pics/sub/long name of a picture.png")
			g.want("ann", "mime=image/%25&max-size=20", "/pics/a.png", "/pics/b.jpg")
			g.want("ann", "type=folder&term=sub", "/pics/sub")
			g.want("ann", "type=file&path=/pics/sub", "/pics/sub/long name of a picture.png")
			g.want("ann", "is-favorite=true", "/notes.txt")
			g.want("ann", "is-favorite=true&term=nothing")
			g.want("ann", "tag=7", "/pics/a.png", "/notes.txt")
			g.want("ann", "tag=7&type=image", "/pics/a.png")
			g.want("ann", "tag=7&is-favorite=true", "/notes.txt")
			g.want("bob", "tag=7")
			g.want("ann", "person=ann&term=notes", "/notes.txt")
			g.want("ann", "person=bob&term=notes")
			g.want("ann", "mime=no/such")
			g.gather("ann")
		}
		for query, code := range map[string]int{"term=x&limit=many": 400, "term=x&cursor=-1": 400, "term=x&min-size=z": 400, "term=x&is-favorite=z": 400,
			"term=x&path=/nowhere": 404, "tag=8": 400, "term=x&path=/notes.txt": 400, "term=%00": 400, "term=" + strings.Repeat("x", 501): 400, "title-only=1": 200} {
			w := g.serve(httptest.NewRequest("GET", "/ocs/v2.php/search/providers/files/search?"+query, nil), "ann")
			if w.Code != code {
				g.Errorf("%.40s: %d, want %d", query, w.Code, code)
			}
		}
		g.broken = fault.New(fault.Unavailable, "The database does not answer.")
		if w := g.serve(httptest.NewRequest("GET", "/ocs/v2.php/search/providers/files/search?tag=7", nil), "ann"); w.Code != 503 {
			g.Errorf("a search by tag without a database: %d", w.Code)
		}
	})
}

func (g *rig) stat(uid, path string) *files.Entry {
	g.Helper()
	e, err := g.view(uid).Stat(g.ctx, path)
	if err != nil {
		g.Fatal(err)
	}
	return e
}

// mount shows a node of one person to another.
func (g *rig) mount(of, path, to, as string) {
	e := g.stat(of, path)
	g.mounts[to] = append(g.mounts[to], files.Mount{Path: []string{as}, Space: e.Mount.Space, Root: e.ID, Perm: files.Read, Kind: "shared", Owner: of})
}

func TestWhatIsSharedIsFoundByWhoSeesIt(t *testing.T) {
	each(t, func(g *rig) {
		g.put("ann", "/private/secret plan.txt", "/team/plan.txt", "/team/deep/plan 2.txt")
		g.put("bob", "/my plan.txt")
		g.mount("ann", "/team", "bob", "From Ann")
		for range 2 {
			g.settle()
			g.want("bob", term("plan"), "/my plan.txt", "/From Ann/plan.txt", "/From Ann/deep/plan 2.txt")
			g.want("bob", term("from"), "/From Ann")
			g.want("bob", term("team"))
			g.want("bob", term("plan")+"&person=ann", "/From Ann/plan.txt", "/From Ann/deep/plan 2.txt")
			g.want("bob", term("plan")+"&path=/From%20Ann/deep", "/From Ann/deep/plan 2.txt")
			g.want("bob", term("secret"))
			g.want("ann", term("plan"), "/private/secret plan.txt", "/team/plan.txt", "/team/deep/plan 2.txt")
			g.gather("ann")
		}
		delete(g.mounts, "bob")
		g.want("bob", term("plan"), "/my plan.txt")
	})
}

// A hundred shares cost as many statements as one.
func TestSharesCostNoStatements(t *testing.T) {
	g := lite(t)
	asks := func() int64 {
		ctx, n := db.Count(g.ctx)
		w := g.serve(httptest.NewRequestWithContext(ctx, "GET", "/ocs/v2.php/search/providers/files/search?term=plan", nil), "bob")
		if w.Code != 200 {
			t.Fatal(w.Body)
		}
		return n.Load()
	}
	g.put("bob", "/x")
	for i := range 30 {
		uid := fmt.Sprintf("ann%d", i)
		g.put(uid, "/team/plan.txt")
		g.mount(uid, "/team", "bob", "From "+uid)
		if i == 0 {
			g.settle()
		}
	}
	g.settle()
	all := g.mounts["bob"]
	g.mounts["bob"] = all[:1]
	one := asks()
	g.mounts["bob"] = all
	if many := asks(); many != one {
		t.Errorf("one share takes %d statements, thirty take %d", one, many)
	}
}

// Somebody sees two files of a home with thousands: they are found although the
// index has first what is not theirs.
func TestAFewFilesAmongMany(t *testing.T) {
	g := lite(t)
	items := make([]files.Item, 0, 6000)
	for i := range 6000 {
		p := fmt.Sprintf("/plan %04d.txt", i)
		items = append(items, files.Item{Path: p, Put: files.Put{Body: strings.NewReader(""), MTime: begun.AddDate(2, 0, 0)}})
	}
	for _, o := range g.view("ann").WriteMany(g.ctx, items) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	g.put("ann", "/team/plan.txt", "/team/plan b.txt")
	g.mount("ann", "/team", "bob", "Team")
	g.put("bob", "/x")
	g.settle()
	g.want("bob", term("plan"), "/Team/plan.txt", "/Team/plan b.txt")
	blocks, err := db.One(g.ctx, g.db, db.Scan1[int], "SELECT COUNT(*) FROM search_block")
	if err != nil || blocks < 2 {
		t.Fatalf("%d blocks, %v", blocks, err)
	}
	page := g.finds("ann", term("plan")+"&limit=3&cursor=5999")
	if want := []string{"/plan 0000.txt", "/team/plan.txt", "/team/plan b.txt"}; !slices.Equal(page, want) {
		t.Errorf("the last page has %v", page)
	}
	before := blocks
	if err := g.room.tidy(g.ctx); err != nil {
		t.Fatal(err)
	}
	g.want("ann", term("plan b"), "/team/plan b.txt")
	g.room.Now = func() time.Time { return time.Now().AddDate(1, 0, 0) }
	if err := g.room.tidy(g.ctx); err != nil {
		t.Fatal(err)
	}
	g.want("ann", term("plan 0123"), "/plan 0123.txt")
	blocks, err = db.One(g.ctx, g.db, db.Scan1[int], "SELECT COUNT(*) FROM search_block WHERE checked > 0")
	if err != nil || blocks == 0 || blocks > before {
		t.Errorf("%d blocks were checked, %v", blocks, err)
	}
}

// A credential that is limited to a folder finds nothing beside it.
func TestLimitedCredentialsFindWhatTheySee(t *testing.T) {
	g := lite(t)
	g.put("ann", "/a/plan.txt", "/b/plan.txt", "/b/c/plan.txt")
	g.settle()
	p := &who.Principal{ID: "ann", Scope: &who.Scope{Folders: []int64{g.stat("ann", "/b/c").ID}}}
	v, err := g.files.As(g.ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	es, err := g.room.find(g.ctx, &asked{view: v, query: anything(), reaches: v.Reaches(), words: [][]byte{[]byte("plan")}}, 10)
	if err != nil || len(es) != 1 || es[0].Path != "/b/c/plan.txt" {
		t.Errorf("found %v, %v", es, err)
	}
}

// What was there before the index is found, at first without it.
func TestHomesFromBeforeTheIndex(t *testing.T) {
	each(t, func(g *rig) {
		g.put("ann", "/plan.txt")
		for _, table := range []string{"bus_event", "search_name", "search_block", "search_space"} {
			if _, err := g.db.Exec(g.ctx, "DELETE FROM "+table); err != nil {
				g.Fatal(err)
			}
		}
		g.want("ann", term("plan"), "/plan.txt")
		if err := g.room.catchUp(g.ctx); err != nil {
			g.Fatal(err)
		}
		g.settle()
		g.want("ann", term("plan"), "/plan.txt")
		built, err := g.room.index.built(g.ctx, []int64{g.view("ann").Reaches()[0].Root})
		if err != nil || len(built) != 1 {
			g.Errorf("%v, %v", built, err)
		}
		if err := g.db.Tx(g.ctx, func(tx *db.DB) error { return g.files.DropHome(g.ctx, tx, "ann") }); err != nil {
			g.Fatal(err)
		}
		g.settle()
		for _, table := range []string{"search_name", "search_block", "search_space"} {
			if n, err := db.One(g.ctx, g.db, db.Scan1[int], "SELECT COUNT(*) FROM "+table); err != nil || n != 0 {
				g.Errorf("%s keeps %d rows of a home that is gone, %v", table, n, err)
			}
		}
	})
}

func TestBlocks(t *testing.T) {
	var items []item
	for i := range 3000 {
		items = append(items, item{node: int64(i * 7 % 3001), mtime: int64(i % 50), size: int64(i), mime: int32(i % 5), name: fmt.Sprintf("name %d", i)})
	}
	m, fine, body := pack(slices.Clone(items))
	if !m.mayHave([]byte("me 29")) || !m.mayHave([]byte("n")) || m.mayHave([]byte("zebra")) || m.mayHave([]byte("q")) || !m.has(mimePiece(4)) || !fine.hasPieces([]byte("name 2999"), finePiece) || fine.hasPieces([]byte("elephants"), finePiece) {
		t.Error("the marks are wrong")
	}
	got := map[int64]item{}
	last := int64(1 << 60)
	err := unpack(body, nil, func(it item) bool {
		if it.mtime > last {
			t.Fatal("not the newest first")
		}
		last = it.mtime
		got[it.node] = it
		return true
	})
	if err != nil || len(got) != len(items) {
		t.Fatalf("%d items, %v", len(got), err)
	}
	for _, it := range items {
		if got[it.node] != it {
			t.Fatalf("got %v, want %v", got[it.node], it)
		}
	}
	n := 0
	err = unpack(body, [][]byte{[]byte("299"), []byte("9")}, func(it item) bool { n++; return true })
	if err != nil || n != 13 {
		t.Errorf("%d names with 299, %v", n, err)
	}
}

func FuzzUnpack(f *testing.F) {
	_, _, body := pack([]item{{1, 2, 3, 4, "five"}, {6, 7, 8, 9, "ten"}})
	f.Add(body, "e")
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1}, "")
	f.Fuzz(func(t *testing.T, body []byte, word string) {
		var parts [][]byte
		if word != "" {
			parts = [][]byte{[]byte(word)}
		}
		n := 0
		if err := unpack(body, parts, func(item) bool { n++; return true }); err == nil && n > len(body) {
			t.Errorf("%d items in %d bytes", n, len(body))
		}
	})
}

func FuzzInstant(f *testing.F) {
	f.Add("2020-01-01")
	f.Fuzz(func(t *testing.T, s string) {
		if at, err := instant(s); err == nil && at.Year() > 1<<20 {
			t.Errorf("%q is %v", s, at)
		}
	})
}
