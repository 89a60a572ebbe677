package readable

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
)

// same checks that the disk says what the tables say, and that nothing differs.
func (r *rig) same() {
	r.Helper()
	if diff := cmp.Diff(r.inTables(), r.onDisk(r.below(r.Who().ID))); diff != "" {
		r.Errorf("the disk differs from the tables (-tables +disk):\n%s", diff)
	}
	r.clean()
}

func TestTheTreeFollows(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/plans")
		w := r.put("/plans/a.txt", "one")
		r.put("/b", "two")
		r.drain()
		r.same()
		blob := filepath.Join(r.data, "blobs", r.blobs.Path(content.Key(w.Content)))
		if got, want := inode(t, r.at("plans/a.txt")), inode(t, blob); got != want {
			t.Errorf("inode %d, the blob's is %d", got, want)
		}
		fi, err := os.Stat(r.at("plans/a.txt"))
		if err != nil || !fi.ModTime().Equal(w.MTime) {
			t.Errorf("time %v, want %v; %v", fi.ModTime(), w.MTime, err)
		}
		r.put("/plans/a.txt", "one, changed")
		r.move("/b", "/plans/c")
		r.mkdir("/deep")
		r.mkdir("/deep/er")
		r.drain()
		r.same()
		r.copy("/plans", "/deep/er/plans")
		r.move("/deep", "/depth")
		r.drain()
		r.same()
		r.remove("/plans")
		r.put("/plans", "now a file")
		r.touch("/depth/er/plans/c", time.Unix(-1_000_000_000, 0))
		r.drain()
		r.same()
		if fi, err := os.Stat(r.at("depth/er/plans/c")); err != nil || fi.ModTime().Unix() != -1_000_000_000 {
			t.Errorf("time %v, %v", fi.ModTime(), err)
		}
		r.remove("/depth")
		r.remove("/plans")
		r.drain()
		r.same()
		if got := r.onDisk(r.below("alice")); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
	})
}

func TestAFolderMovesInOneRename(t *testing.T) {
	r := one(t)
	r.mkdir("/a")
	r.mkdir("/to")
	r.put("/a/f", "x")
	r.drain()
	before := inode(t, r.at("a"))
	r.move("/a", "/to/b")
	r.drain()
	r.same()
	if got := inode(t, r.at("to/b")); got != before {
		t.Errorf("inode %d, before %d: the folder was made anew", got, before)
	}
	// Two folders change places, and nothing is handled before both have.
	r.mkdir("/c")
	r.put("/c/g", "y")
	r.drain()
	b, c := inode(t, r.at("to/b")), inode(t, r.at("c"))
	r.move("/to/b", "/t")
	r.move("/c", "/to/b")
	r.put("/t/new", "z")
	r.move("/t", "/c")
	r.drain()
	r.same()
	if inode(t, r.at("c")) != b || inode(t, r.at("to/b")) != c {
		t.Error("the folders were made anew")
	}
}

// A folder that moved together with the one above it.
// bin is a keeper that takes everything.
type bin struct{}

func (bin) Overwritten(context.Context, *db.DB, *files.Entry) (bool, error) { return false, nil }

func (bin) Removed(ctx context.Context, tx *db.DB, r *files.Removal) (bool, error) {
	_, err := r.Trash(ctx, tx)
	return true, err
}

// What is in the trash is not shown, and is again when it comes back.
func TestTheTrashIsNotShown(t *testing.T) {
	each(t, func(r *rig) {
		r.room.files.Hooks.Keepers = []files.Keeper{bin{}}
		r.mkdir("/a")
		r.mkdir("/a/b")
		r.put("/a/b/x", "1")
		r.put("/y", "2")
		r.drain()
		r.same()
		for _, path := range []string{"/a", "/y"} {
			e := r.stat(path)
			if err := r.Remove(r.ctx, e, nil); err != nil {
				r.Fatal(err)
			}
			r.drain()
			r.same()
			trash, err := r.room.tree.SpaceOf(r.ctx, r.db, tree.Trash, "alice")
			if err != nil {
				r.Fatal(err)
			}
			nodes, err := r.room.tree.Some(r.ctx, r.db, []int64{e.ID})
			if err != nil {
				r.Fatal(err)
			}
			if _, _, err := r.Return(r.ctx, nodes[e.ID], trash.Root, "/back "+e.Name, files.Refuse, nil); err != nil {
				r.Fatal(err)
			}
			r.drain()
			r.same()
		}
	})
}

func TestMovesAboveAndBelow(t *testing.T) {
	r := one(t)
	r.mkdir("/p")
	r.mkdir("/p/a")
	r.put("/p/a/f", "x")
	r.put("/p/g", "x")
	r.drain()
	before := inode(t, r.at("p/a"))
	r.move("/p/a", "/p/b")
	r.remove("/p/g")
	r.move("/p", "/q")
	r.drain()
	r.same()
	if got := inode(t, r.at("q/b")); got != before {
		t.Error("the folder was made anew")
	}
}

func TestPartsAreJoinedFirst(t *testing.T) {
	each(t, func(r *rig) {
		r.put("/small", "x")
		r.drain()
		var parts []content.Content
		for _, s := range []string{"aaa", "bb"} {
			c, err := r.room.content.Write(r.ctx, strings.NewReader(s), -1)
			if err == nil {
				err = r.db.Tx(r.ctx, func(tx *db.DB) error { return r.room.content.Keep(r.ctx, tx, c) })
			}
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, c)
		}
		if _, err := r.Write(r.ctx, "/big", files.Put{Parts: parts}); err != nil {
			t.Fatal(err)
		}
		if err := r.board.Bus.Drain(r.ctx); err != nil {
			t.Fatal(err)
		}
		r.clean() // it is still in parts: no finding
		if _, err := r.room.content.Compact(r.ctx, r.stat("/big").Content); err != nil {
			t.Fatal(err)
		}
		r.clean() // as after a kill before the link: the job is still to end
		if a := r.scan("alice", true); a.removed > 0 {
			t.Errorf("removed %d", a.removed)
		}
		r.work()
		r.same()
	})
}

func TestAHomeGoesWithItsOwner(t *testing.T) {
	each(t, func(r *rig) {
		r.put("/mine", "x")
		r.drain()
		r.write(r.at("foreign"), "not adopted yet")
		if err := r.room.people.Remove(r.ctx, "alice"); err != nil {
			t.Fatal(err)
		}
		r.drain()
		if _, err := os.Stat(filepath.Join(r.data, "users", "alice")); !os.IsNotExist(err) {
			t.Errorf("the folder of a user who is gone: %v", err)
		}
		r.clean()
	})
}

func TestASuccessorOfTheSameNameSeesNothing(t *testing.T) {
	each(t, func(r *rig) {
		r.put("/secret", "hers")
		r.drain()
		r.write(r.at("foreign"), "hers too")
		if err := r.room.people.Remove(r.ctx, "alice"); err != nil {
			t.Fatal(err)
		}
		r.account("alice")
		r.as("alice")
		r.put("/new", "x")
		r.drain()
		r.same()
	})
}

// What others put into a folder stays when it is removed in the tables, and is
// adopted then.
func TestNothingOfOthersIsRemoved(t *testing.T) {
	r := one(t)
	r.mkdir("/a")
	r.put("/a/ours", "x")
	r.drain()
	r.write(r.at("a/theirs"), "y")
	if err := os.Symlink("/etc/passwd", r.at("a/link")); err != nil {
		t.Fatal(err)
	}
	r.remove("/a")
	r.drain()
	want := map[string]string{"/a/": "", "/a/theirs": "y", "/a/link": "L---------"}
	if diff := cmp.Diff(want, r.onDisk(r.below("alice"))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	r.adopt("alice")
	r.drain()
	if diff := cmp.Diff(map[string]string{"/a/": "", "/a/theirs": "y"}, r.inTables()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Random changes by several hands, told late, in pieces, out of step with what
// the tables say by then.
func TestRandomChangesToldLate(t *testing.T) {
	for seed := range uint64(3) {
		r := one(t)
		rnd := rand.New(rand.NewPCG(seed, 1))
		for range 40 {
			for range 1 + rnd.IntN(25) {
				r.chance(rnd)
			}
			switch rnd.IntN(4) {
			case 0:
				if err := r.board.Bus.Drain(r.ctx); err != nil {
					t.Fatal(err)
				}
			case 1:
				r.work()
			}
		}
		r.drain()
		r.same()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		if left := r.onDisk(filepath.Join(r.data, "users", "~atrium", "parked")); len(left) > 0 {
			t.Errorf("seed %d: parked: %v", seed, left)
		}
	}
}

// chance does one random thing; things that cannot be done are left.
func (r *rig) chance(rnd *rand.Rand) {
	r.Helper()
	var folders, all []string
	folders = append(folders, "")
	for e, err := range r.Below(r.ctx, r.stat("/")) {
		if err != nil {
			r.Fatal(err)
		}
		all = append(all, e.Path)
		if e.IsDir() {
			folders = append(folders, e.Path)
		}
	}
	pick := func(of []string) string { return of[rnd.IntN(len(of))] }
	spot := func() string { return pick(folders) + "/" + string(rune('a'+rnd.IntN(5))) }
	var err error
	switch n := rnd.IntN(12); {
	case n < 3 || len(all) == 0:
		_, err = r.Mkdir(r.ctx, spot())
	case n < 6:
		body := strings.Repeat("x", rnd.IntN(50))
		_, err = r.Write(r.ctx, spot(), files.Put{Body: strings.NewReader(body), Size: int64(len(body))})
	case n < 10:
		_, _, err = r.Move(r.ctx, r.stat(pick(all)), spot(), files.Overwrite, nil)
	case n < 11 && len(all) < 60:
		_, _, err = r.Copy(r.ctx, r.stat(pick(all)), spot(), files.CopyOptions{Clash: files.Overwrite})
	default:
		err = r.Remove(r.ctx, r.stat(pick(all)), nil)
	}
	if fault.Of(err) == fault.Internal && err != nil {
		r.Fatal(err)
	}
}

// A kill may come after a folder was made that came with what is in it, and
// before anything else was noted: then the event comes again, and finds the
// folder there.
func TestAFolderIsFilledAfterAKill(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/a")
		r.mkdir("/a/sub")
		r.put("/a/sub/f", "x")
		r.drain()
		killed := func(ev bus.Event) {
			t.Helper()
			s, err := r.room.disk(r.ctx)
			if err != nil {
				t.Fatal(err)
			}
			v, a := r.room.visit(s), newAsks()
			a.add(ev)
			if err := v.settle(r.ctx, a); err != nil {
				t.Fatal(err)
			}
			v.close()
		}
		r.copy("/a", "/b")
		b := r.stat("/b")
		killed(event.NodeMade{Node: b.ID, Parent: b.Parent, Name: b.Name, Copied: true})
		r.move("/b/sub", "/c") // which is not yet on the disk
		c := r.stat("/c")
		killed(event.NodeMoved{Node: c.ID, Parent: c.Parent, Name: c.Name, OldParent: b.ID, OldName: "sub"})
		r.drain()
		r.same()
	})
}
