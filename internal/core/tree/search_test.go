package tree_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

func TestLike(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"%", "", true}, {"", "", true}, {"", "a", false}, {"a%", "abc", true}, {"%c", "abc", true}, {"%b%", "abc", true},
		{"a_c", "abc", true}, {"a_c", "aåc", true}, {"a_c", "ac", false}, {"ABC", "abc", true}, {"%Å%", "xåx", true},
		{"%ß%", "straße", true}, {`%per\%cent%`, "50per%cent", true}, {`%per\%cent%`, "50per-cent", false}, {`a\_c`, "abc", false},
		{`a\\c`, `a\c`, true}, {"%a%b%c%", "xaxbxcx", true}, {"%a%b%c%", "xaxcxbx", false}, {"k", "\u212a", false}, {`a\`, "a", true},
	} {
		p := tree.Pred{Op: tree.Like, Field: tree.ByName, Text: c.pattern}
		if got := p.Holds(&tree.Node{Name: c.name}, ""); got != c.want {
			t.Errorf("%q like %q: %v", c.name, c.pattern, got)
		}
	}
}

// forest fills a tree with nodes of all sorts and returns them with their paths
// of ids.
func (w *wood) forest(rng *rand.Rand, types map[int32]string) map[int64][]tree.Node {
	var ids []int32
	for _, text := range []string{"text/plain", "image/png", "image/jpeg", "video/mp4"} {
		id, err := w.MimeID(context.Background(), text)
		if err != nil {
			w.Fatal(err)
		}
		types[id], ids = text, append(ids, id)
	}
	folders := []int64{w.root}
	above := map[int64][]tree.Node{}
	words := []string{"alpha", "Beta", "GAMMA", "per%cent", "under_score", "a|b", "åäö", "ÅÄÖ", "x?y", "Straße", "日本", ".dot", "a b"}
	for i := range 200 {
		parent := folders[rng.IntN(len(folders))]
		n := tree.Node{ID: w.id(), Parent: parent, Name: fmt.Sprintf("%s%d", words[rng.IntN(len(words))], i), Kind: tree.File,
			Size: int64(rng.IntN(5)), MTime: time.Unix(int64(rng.IntN(6)-3), int64(rng.IntN(2))*500e6), ETag: tree.NewETag(),
			Mime: ids[rng.IntN(len(ids))], Created: int64(rng.IntN(3)), Uploaded: int64(rng.IntN(3)), Content: 1 + int64(rng.IntN(40))}
		if i%4 == 0 {
			n.Kind, n.Mime, n.Size, n.Content = tree.Folder, 0, 0, 0
			folders = append(folders, n.ID)
		}
		c := w.change()
		w.tx(func(tx *db.DB) error { return w.Create(context.Background(), tx, c, w.root, n) })
	}
	if err := w.Settle(context.Background(), w.root); err != nil {
		w.Fatal(err)
	}
	for content := range int64(20) { // half of the contents tell when they were taken
		w.tx(func(tx *db.DB) error { return w.SetTaken(context.Background(), tx, 1+2*content, content%5-1) })
	}
	all, err := w.Up(context.Background(), w.ids()...)
	if err != nil {
		w.Fatal(err)
	}
	dated := tree.Query{Order: []tree.Key{{Field: tree.ByTaken}}}
	for id, chain := range all {
		if err := dated.Date(context.Background(), w.Tree, &chain[len(chain)-1]); err != nil {
			w.Fatal(err)
		}
		above[id] = chain
	}
	return above
}

func (w *wood) ids() []int64 {
	out, err := db.List(context.Background(), w.db, db.Scan1[int64], "SELECT id FROM node WHERE parent <> 0")
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// grow makes a random condition.
func grow(rng *rand.Rand, ids []int64, depth int) tree.Pred {
	op := tree.Op(rng.IntN(int(tree.In) + 1))
	if depth == 0 && op <= tree.Not {
		op = tree.Like
	}
	p := tree.Pred{Op: op}
	switch op {
	case tree.Any:
	case tree.And, tree.Or:
		for range 1 + rng.IntN(3) {
			p.Of = append(p.Of, grow(rng, ids, depth-1))
		}
	case tree.Not:
		p.Of = []tree.Pred{grow(rng, ids, depth-1)}
	case tree.In:
		p.Field, p.IDs = tree.ByID, map[int64]bool{}
		for range rng.IntN(5) {
			p.IDs[ids[rng.IntN(len(ids))]] = true
		}
	case tree.Like:
		p.Field = tree.Field(1 + rng.IntN(2))
		p.Text = []string{"%", "%a%", "%A%", "%å%", "image/%", "%_%1", `%\%%`, `%\_%`, "%|%", "%?%", "%ß%", "%BETA%", "%日%"}[rng.IntN(13)]
	default:
		p.Field = tree.Field(1 + rng.IntN(int(tree.ByTaken)))
		p.Num = []int64{-2, -1, 0, 1, 2, 3, math.MaxInt64, math.MinInt64}[rng.IntN(8)]
		p.Text = []string{"b", "image/png", "å", "", "GAMMA"}[rng.IntN(5)]
		if p.Field == tree.ByID {
			p.Num = ids[rng.IntN(len(ids))]
		}
	}
	return p
}

// What the engines find is what the condition says of each node.
func TestSearchFindsWhatHolds(t *testing.T) {
	dbtest.Each(t, []db.Schema{tree.Schema}, func(t *testing.T, d *db.DB) {
		rng := rand.New(rand.NewPCG(7, 11))
		w := plant(t, d)
		types := map[int32]string{0: tree.FolderType}
		above := w.forest(rng, types)
		ids := w.ids()
		slices.Sort(ids)
		tops := []int64{w.root}
		for _, id := range ids {
			if chain := above[id]; chain[len(chain)-1].IsDir() && len(tops) < 6 {
				tops = append(tops, id)
			}
		}
		found := 0
		for round := range 600 {
			q := tree.Query{Where: grow(rng, ids, 3), Limit: rng.IntN(3) * 7, Offset: rng.IntN(2) * 3}
			for range rng.IntN(4) {
				q.Order = append(q.Order, tree.Key{Field: tree.Field(1 + rng.IntN(int(tree.ByTaken))), Desc: rng.IntN(2) == 0})
			}
			top := tops[round%len(tops)]
			got, err := w.Search(t.Context(), top, q)
			if err != nil {
				t.Fatalf("%+v: %v", q, err)
			}
			if diff := cmp.Diff(brute(above, ids, types, top, q), hitIDs(got)); diff != "" {
				t.Fatalf("below %d, %+v: %s", top, q, diff)
			}
			found += len(got)
		}
		if found < 5000 {
			t.Errorf("only %d finds in all: the conditions are too narrow", found)
		}
	})
}

func hitIDs(hits []tree.Hit) (out []int64) {
	for _, h := range hits {
		out = append(out, h.ID)
	}
	return out
}

func brute(above map[int64][]tree.Node, ids []int64, types map[int32]string, top int64, q tree.Query) []int64 {
	var hits []tree.Hit
	for _, id := range ids {
		chain := above[id]
		n := chain[len(chain)-1]
		below := slices.ContainsFunc(chain[:len(chain)-1], func(a tree.Node) bool { return a.ID == top })
		if below && q.Where.Holds(&n, types[n.Mime]) {
			hits = append(hits, q.HitOf(&n, types[n.Mime]))
		}
	}
	slices.SortFunc(hits, q.Compare)
	hits = hits[min(q.Offset, len(hits)):]
	if q.Limit > 0 {
		hits = hits[:min(q.Limit, len(hits))]
	}
	return hitIDs(hits)
}

// A name in a hundred thousand, as phones search while somebody types.
func BenchmarkSearch(b *testing.B) {
	w := plant(b, dbtest.SQLite(b, tree.Schema))
	for f := range 100 {
		folder := w.add(w.root, fmt.Sprintf("folder%d", f), tree.Folder, 0)
		var ns []tree.Node
		for i := range 1000 {
			ns = append(ns, tree.Node{ID: w.id(), Parent: folder.ID, Name: fmt.Sprintf("a file with a name %d-%d.txt", f, i), Kind: tree.File,
				Size: 4096, MTime: time.Unix(int64(f*1000+i), 0), ETag: 1, Content: 1, SHA1: make([]byte, 20)})
		}
		c := w.change()
		w.tx(func(tx *db.DB) error { return w.CreateAll(context.Background(), tx, c, w.root, folder.ID, ns) })
	}
	for name, q := range map[string]tree.Query{
		"name":   {Where: tree.Pred{Op: tree.Like, Field: tree.ByName, Text: "%55-55%"}},
		"å":      {Where: tree.Pred{Op: tree.Like, Field: tree.ByName, Text: "%55-55%å%"}},
		"recent": {Where: tree.Pred{Op: tree.Lt, Field: tree.ByMTime, Num: 1 << 40}, Order: []tree.Key{{Field: tree.ByMTime, Desc: true}}, Limit: 100},
		"here":   {Where: tree.Pred{Op: tree.Not, Of: []tree.Pred{{Op: tree.Like, Field: tree.ByName, Text: "%55%"}}}, Order: []tree.Key{{Field: tree.ByMTime, Desc: true}}, Limit: 100},
		"id":     {Where: tree.Pred{Op: tree.Eq, Field: tree.ByID, Num: 5000}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Search(b.Context(), w.root, q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func FuzzLike(f *testing.F) {
	f.Add("%a_b\\%", "xaåb%")
	f.Add("%%%", "")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		p := tree.Pred{Op: tree.Like, Field: tree.ByName, Text: pattern}
		if len(pattern)*len(name) > 1<<16 {
			return
		}
		if p.Holds(&tree.Node{Name: name}, "") {
			around := tree.Pred{Op: tree.Like, Field: tree.ByName, Text: "%" + pattern}
			if !around.Holds(&tree.Node{Name: name}, "") {
				t.Errorf("%q is like %q, but not with %% before it", name, pattern)
			}
		}
	})
}
