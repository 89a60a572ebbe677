package tree_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

// wood is a tree with one space and short verbs for tests.
type wood struct {
	testing.TB
	*tree.Tree
	db     *db.DB
	root   int64
	doomed int64
}

func plant(t testing.TB, d *db.DB) *wood {
	w := &wood{TB: t, Tree: tree.New(d), db: d}
	w.root = w.space(tree.Home, "alice")
	w.doomed = w.space(tree.Doomed, "")
	return w
}

func (w *wood) space(kind tree.SpaceKind, owner string) int64 {
	id := w.id()
	w.tx(func(tx *db.DB) error {
		_, err := w.NewSpace(context.Background(), tx, id, tree.Space{Kind: kind, Owner: owner, Quota: tree.NoQuota})
		return err
	})
	return id
}

func (w *wood) id() int64 {
	id, err := w.db.ID(context.Background())
	if err != nil {
		w.Error(err)
	}
	return id
}

func (w *wood) change() tree.Change {
	c, err := w.NewChange(context.Background())
	if err != nil {
		w.Error(err)
	}
	return c
}

func (w *wood) tx(f func(tx *db.DB) error) {
	w.Helper()
	if err := w.db.Tx(context.Background(), f); err != nil {
		w.Fatal(err)
	}
}

func (w *wood) create(parent int64, name string, kind tree.Kind, size int64) (tree.Node, error) {
	n := tree.Node{ID: w.id(), Parent: parent, Name: name, Kind: kind, Size: size, MTime: time.Unix(1, 0), ETag: tree.NewETag()}
	c := w.change()
	return n, w.db.Tx(context.Background(), func(tx *db.DB) error {
		return w.Create(context.Background(), tx, c, w.root, n)
	})
}

func (w *wood) add(parent int64, name string, kind tree.Kind, size int64) tree.Node {
	w.Helper()
	n, err := w.create(parent, name, kind, size)
	if err != nil {
		w.Fatalf("create %s: %v", name, err)
	}
	return n
}

func (w *wood) move(n tree.Node, to tree.Spot) error {
	cs := [2]tree.Change{w.change(), w.change()}
	return w.db.Tx(context.Background(), func(tx *db.DB) error {
		return w.Move(context.Background(), tx, cs, n, w.root, to, 0)
	})
}

func (w *wood) at(path string) tree.Node {
	w.Helper()
	n, err := w.Resolve(context.Background(), w.root, strings.FieldsFunc(path, func(r rune) bool { return r == '/' }))
	if err != nil {
		w.Fatalf("resolve %s: %v", path, err)
	}
	return n
}

func each(t *testing.T, f func(w *wood)) {
	dbtest.Each(t, []db.Schema{tree.Schema}, func(t *testing.T, d *db.DB) { f(plant(t, d)) })
}

func TestAWriteReachesAllAncestors(t *testing.T) {
	each(t, func(w *wood) {
		a := w.add(w.root, "a", tree.Folder, 0)
		b := w.add(a.ID, "b", tree.Folder, 0)
		side := w.add(w.root, "side", tree.Folder, 0)
		before := []tree.Node{w.at("/"), w.at("/a"), w.at("/a/b"), w.at("/side")}
		w.add(b.ID, "f", tree.File, 42)
		for i, path := range []string{"/", "/a", "/a/b"} {
			n := w.at(path)
			if n.ETag == before[i].ETag || n.Size != 42 {
				t.Errorf("%s: size %d, etag changed %v", path, n.Size, n.ETag != before[i].ETag)
			}
		}
		if n := w.at("/side"); n.ETag != before[3].ETag || n.ID != side.ID {
			t.Error("a folder that nobody touched has another etag")
		}
	})
}

func TestDeepPathsResolve(t *testing.T) {
	each(t, func(w *wood) {
		parent, path := w.root, ""
		for i := range 40 {
			name := fmt.Sprint("level ", i)
			parent = w.add(parent, name, tree.Folder, 0).ID
			path += "/" + name
		}
		if got := w.at(path); got.ID != parent {
			t.Errorf("resolved %d, want %d", got.ID, parent)
		}
		chain, err := w.Up(context.Background(), parent)
		if err != nil || len(chain[parent]) != 41 || chain[parent][0].ID != w.root || chain[parent][40].ID != parent {
			t.Errorf("Up gave %d nodes, %v", len(chain[parent]), err)
		}
	})
}

func TestNamesAreComparedAsBytes(t *testing.T) {
	each(t, func(w *wood) {
		for _, name := range []string{"a", "A", "a ", "ä", "a\u0308x"} {
			w.add(w.root, name, tree.File, 1)
		}
		if _, err := w.create(w.root, "a", tree.File, 1); !errors.Is(err, fault.Exists) {
			t.Errorf("a second a: %v", err)
		}
	})
}

func TestNothingIsCreatedBelowAFileOrNothing(t *testing.T) {
	each(t, func(w *wood) {
		f := w.add(w.root, "f", tree.File, 1)
		for _, parent := range []int64{f.ID, 1 << 40} {
			if _, err := w.create(parent, "x", tree.File, 1); !errors.Is(err, fault.Conflict) {
				t.Errorf("below %d: %v", parent, err)
			}
		}
	})
}

func TestAFolderCannotMoveIntoItself(t *testing.T) {
	each(t, func(w *wood) {
		a := w.add(w.root, "a", tree.Folder, 0)
		b := w.add(a.ID, "b", tree.Folder, 0)
		if err := w.move(a, tree.Spot{Space: w.root, Parent: b.ID, Name: "a"}); !errors.Is(err, fault.Conflict) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestMoveBetweenSpacesCarriesSizes(t *testing.T) {
	each(t, func(w *wood) {
		other := w.space(tree.Home, "bob")
		a := w.add(w.root, "a", tree.Folder, 0)
		w.add(a.ID, "f", tree.File, 7)
		if err := w.move(a, tree.Spot{Space: other, Parent: other, Name: "from alice"}); err != nil {
			t.Fatal(err)
		}
		n, err := w.Resolve(context.Background(), other, nil)
		if err != nil || n.Size != 7 || w.at("/").Size != 0 {
			t.Errorf("sizes %d and %d, %v", w.at("/").Size, n.Size, err)
		}
	})
}

// A folder is moved while others write below it: its size must go along.
// Whoever lists the tree in the end finds every folder as big as what is in it.
func TestModel(t *testing.T) {
	each(t, func(w *wood) {
		m := &model{wood: w}
		m.folders = append(m.folders, w.root)
		for i := range 40 {
			m.folders = append(m.folders, w.add(m.folders[rand.IntN(len(m.folders))], fmt.Sprint("d", i), tree.Folder, 0).ID)
		}
		var wg sync.WaitGroup
		for seed := range uint64(12) {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(seed, 1))
				for range 120 {
					if err := m.step(r); err != nil && !expected(err) {
						t.Errorf("step: %v", err)
					}
				}
			})
		}
		wg.Wait()
		m.check()
	})
}

func expected(err error) bool {
	switch fault.Of(err) {
	case fault.Stale, fault.NotFound, fault.Conflict, fault.Exists:
		return true
	}
	return false
}

type model struct {
	*wood
	mu      sync.Mutex
	folders []int64
	files   []int64
}

func (m *model) pick(r *rand.Rand, from *[]int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(*from) == 0 {
		return 0
	}
	return (*from)[r.IntN(len(*from))]
}

func (m *model) step(r *rand.Rand) error {
	ctx := context.Background()
	switch o := r.IntN(100); {
	case o < 50:
		n, err := m.create(m.pick(r, &m.folders), fmt.Sprint("f", r.Uint64()), tree.File, r.Int64N(1000))
		m.mu.Lock()
		m.files = append(m.files, n.ID)
		m.mu.Unlock()
		return err
	case o < 88:
		c := m.change()
		id, size := m.pick(r, &m.files), r.Int64N(1000)
		return m.db.Tx(ctx, func(tx *db.DB) error {
			old, err := m.ByID(ctx, tx, id)
			if err != nil {
				return err
			}
			if o >= 75 {
				return m.Drop(ctx, tx, c, m.root, old)
			}
			now := old
			now.Size, now.ETag = size, tree.NewETag()
			return m.Update(ctx, tx, c, m.root, old, now)
		})
	case o < 95:
		n, err := m.ByID(ctx, m.db, m.pick(r, &m.folders))
		if err != nil || n.ID == m.root {
			return err
		}
		return m.move(n, tree.Spot{Space: m.root, Parent: m.pick(r, &m.folders), Name: fmt.Sprint("m", r.Uint64())})
	}
	return m.Settle(ctx, m.root)
}

func (m *model) check() {
	m.Helper()
	if err := m.Settle(context.Background(), m.root); err != nil {
		m.Fatal(err)
	}
	seen := 0
	var sum func(folder tree.Node) int64
	sum = func(folder tree.Node) (total int64) {
		seen++
		var below []tree.Node
		for n, err := range m.Children(context.Background(), folder.ID) {
			if err != nil {
				m.Fatal(err)
			}
			below = append(below, n)
		}
		for _, n := range below {
			if n.IsDir() {
				total += sum(n)
			} else {
				total += n.Size
			}
		}
		if total != folder.Size {
			m.Errorf("folder %d says %d bytes, holds %d", folder.ID, folder.Size, total)
		}
		return total
	}
	sum(m.at("/"))
	if seen != len(m.folders) {
		m.Errorf("%d folders in reach of the root, want %d", seen, len(m.folders))
	}
}

// The cost of finding and listing must not grow with the folder.
func TestStatementsAreConstant(t *testing.T) {
	w := plant(t, dbtest.SQLite(t, tree.Schema))
	a := w.add(w.root, "a", tree.Folder, 0)
	for i := range 1500 {
		w.add(a.ID, fmt.Sprint("f", i), tree.File, 1)
	}
	w.at("/a")
	ctx, count := db.Count(context.Background())
	n, err := w.Resolve(ctx, w.root, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	entries := 0
	for _, err := range w.Children(ctx, n.ID) {
		if err != nil {
			t.Fatal(err)
		}
		entries++
	}
	if count.Load() != 2 || entries != 1500 {
		t.Errorf("%d statements for %d entries", count.Load(), entries)
	}
}

func TestMimeNumbersAreStable(t *testing.T) {
	each(t, func(w *wood) {
		ctx := context.Background()
		first, err := w.MimeID(ctx, "text/plain")
		if err != nil {
			t.Fatal(err)
		}
		again, err := tree.New(w.db).MimeID(ctx, "text/plain")
		if err != nil || again != first {
			t.Errorf("%d, then %d, %v", first, again, err)
		}
		if text, err := tree.New(w.db).MimeType(ctx, first); err != nil || text != "text/plain" {
			t.Errorf("type %q, %v", text, err)
		}
	})
}
