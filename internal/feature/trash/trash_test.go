package trash

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
)

// A folder goes and comes back in as many statements as hold for an empty one.
func TestAFolderIsOneRowMoved(t *testing.T) {
	each(t, func(g *rig) {
		d := g.as("dave1")
		cost := func(n int) (there, back int64) {
			dir := fmt.Sprintf("/f%d", n)
			d.mkdir(dir)
			for i := range n {
				d.put(fmt.Sprintf("%s/%d", dir, i), "x")
			}
			e := d.stat(dir)
			ctx, count := db.Count(g.Context())
			if err := d.Remove(ctx, e, nil); err != nil {
				g.Fatal(err)
			}
			there = count.Load()
			p := &who.Principal{ID: "dave1"}
			it := g.item("dave1")
			name, deleted, _ := parseName(it)
			ctx, count = db.Count(g.Context())
			f, err := g.room.look(ctx, p, name, deleted, "/")
			if err == nil {
				_, err = g.room.restore(ctx, p, f)
			}
			if err != nil {
				g.Fatal(err)
			}
			return there, count.Load()
		}
		cost(1) // makes the trash
		there1, back1 := cost(2)
		there2, back2 := cost(80)
		if there1 != there2 || back1 != back2 || there1 > 30 {
			g.Errorf("2 files: %d there, %d back; 80 files: %d there, %d back", there1, back1, there2, back2)
		}
		g.sound()
	})
}

func TestThingsComeBackAsTheyWere(t *testing.T) {
	each(t, func(g *rig) {
		d := g.as("dave1")
		d.mkdir("/a")
		d.put("/a/x.txt", "hello")
		was := d.rm("/a/x.txt")
		if used, _, err := g.files.Usage(g.Context(), "dave1"); err != nil || used != 0 {
			g.Errorf("%d bytes used, %v", used, err)
		}
		g.restored("dave1", g.item("dave1"))
		now := d.stat("/a/x.txt")
		if now.ID != was.ID || now.ETag != was.ETag || !now.MTime.Equal(was.MTime) || d.get("/a/x.txt") != "hello" {
			g.Errorf("was %+v, is %+v", was.Node, now.Node)
		}
		if d.stat("/").Size != 5 {
			g.Errorf("the home has %d bytes", d.stat("/").Size)
		}
		g.sound()
	})
}

// The place of something is its folder, not a path.
func TestItsFolderWasMoved(t *testing.T) {
	g := lite(t)
	d := g.as("dave1")
	d.mkdir("/a")
	d.put("/a/x", "1")
	d.rm("/a/x")
	if _, _, err := d.Move(g.Context(), d.stat("/a"), "/b", files.Refuse, nil); err != nil {
		g.Fatal(err)
	}
	g.restored("dave1", g.item("dave1"))
	d.want("/b", "x")
}

// A folder of the same path is good enough, when the one it was in is gone.
func TestItsFolderIsAnotherOne(t *testing.T) {
	g := lite(t)
	d := g.as("dave1")
	d.mkdir("/a")
	d.put("/a/x", "1")
	d.rm("/a/x")
	item := g.item("dave1")
	g.now = g.now.Add(time.Minute)
	d.rm("/a")
	d.mkdir("/a")
	g.restored("dave1", item)
	d.want("/a", "x")
}

func TestTwoOfANameInASecond(t *testing.T) {
	each(t, func(g *rig) {
		d := g.as("dave1")
		const n = 12
		for i := range n {
			d.mkdir(fmt.Sprintf("/%d", i))
			d.put(fmt.Sprintf("/%d/x.txt", i), fmt.Sprint(i))
		}
		var all sync.WaitGroup
		for i := range n {
			e := d.stat(fmt.Sprintf("/%d/x.txt", i))
			all.Go(func() {
				if err := d.Remove(g.Context(), e, nil); err != nil {
					g.Errorf("%d: %v", i, err)
				}
			})
		}
		all.Wait()
		items, _, err := g.room.shown(g.Context(), &who.Principal{ID: "dave1"})
		if err != nil {
			g.Fatal(err)
		}
		seen := map[string]bool{}
		for _, it := range items {
			seen[it.davName()] = true
			g.restored("dave1", it.davName())
		}
		if len(seen) != n {
			g.Errorf("%d names of %d things", len(seen), n)
		}
		for i := range n {
			if got := d.get(fmt.Sprintf("/%d/x.txt", i)); got != fmt.Sprint(i) {
				g.Errorf("%d holds %s", i, got)
			}
		}
		g.sound()
	})
}

// What something takes the place of goes to the trash.
func TestOverwrittenByAMove(t *testing.T) {
	g := lite(t)
	d := g.as("dave1")
	d.put("/a", "new")
	d.put("/b", "old")
	if _, _, err := d.Move(g.Context(), d.stat("/a"), "/b", files.Overwrite, nil); err != nil {
		g.Fatal(err)
	}
	if _, _, err := d.Copy(g.Context(), d.stat("/b"), "/c", files.CopyOptions{}); err != nil {
		g.Fatal(err)
	}
	g.restored("dave1", g.item("dave1"))
	d.want("/", "b", "b (restored)", "c")
	if got := d.get("/b (restored)"); got != "old" {
		g.Errorf("got %q", got)
	}
	g.sound()
}

func TestFreeNamesFit(t *testing.T) {
	g := lite(t)
	d := g.as("dave1")
	long := strings.Repeat("é", 125) + ".txt" // 254 bytes
	for range 3 {
		d.put("/"+long, "x")
		d.rm("/" + long)
		g.now = g.now.Add(time.Second)
	}
	d.put("/"+long, "x")
	for range 3 {
		g.restored("dave1", g.item("dave1"))
	}
	if n := d.names("/"); len(n) != 4 {
		g.Errorf("got %q", n)
	}
}

func TestTheTrashMakesRoom(t *testing.T) {
	each(t, func(g *rig) {
		d := g.as("dave1")
		if err := g.files.SetQuota(g.Context(), "dave1", 100); err != nil {
			g.Fatal(err)
		}
		for i := range 3 {
			g.now = g.now.Add(time.Second)
			d.put(fmt.Sprintf("/%d", i), strings.Repeat("x", 30))
			d.rm(fmt.Sprintf("/%d", i))
		}
		d.put("/big", strings.Repeat("x", 35)) // fits into the quota, so it is never refused
		if err := g.room.MakeRoom(g.Context()); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave1", "2", "1")
		d.put("/big", strings.Repeat("x", 100))
		if err := g.room.settings.Set(g.Context(), systemApp, ruleName, "7, auto"); err != nil {
			g.Fatal(err)
		}
		if err := g.room.MakeRoom(g.Context()); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave1", "2", "1") // seven days are promised
		g.now = g.now.Add(8 * 24 * time.Hour)
		if err := g.room.MakeRoom(g.Context()); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave1")
		g.sound()
	})
}

// What lies in the trash has given up its room: it comes back only where there is
// some, by whichever way and whoever restores it, and stays where it is otherwise.
func TestWhatDoesNotFitStaysInTheTrash(t *testing.T) {
	each(t, func(g *rig) {
		owner := g.as("dave1")
		owner.mkdir("/s")
		owner.mkdir("/s/dir")
		owner.put("/s/dir/in", strings.Repeat("x", 60))
		g.share("/s", files.All)
		if err := g.files.SetQuota(g.Context(), "dave1", 100); err != nil {
			g.Fatal(err)
		}
		g.as("dave2").rm("/s/dir")
		owner.put("/big", strings.Repeat("x", 41))
		for uid, to := range map[string]string{"dave1": "trashbin/dave1/restore/x", "dave2": "trashbin/dave2/restore/x"} {
			g.wants(507, uid, "MOVE", "/trash/"+g.item(uid), "Destination: /remote.php/dav/"+to)
		}
		g.wants(507, "dave1", "MOVE", "/trash/"+g.item("dave1"), "Destination: /remote.php/dav/files/dave1/back")
		g.inTrash("dave1", "dir")
		g.inTrash("dave2", "dir")
		owner.put("/big", strings.Repeat("x", 40))
		g.restored("dave2", g.item("dave2"))
		owner.stat("/s/dir/in")
		g.sound()
	})
}

// inTrash checks what somebody's trash holds, the latest first.
func (g *rig) inTrash(uid string, names ...string) {
	g.Helper()
	items, _, err := g.room.shown(g.Context(), &who.Principal{ID: uid})
	if err != nil {
		g.Fatal(err)
	}
	var got []string
	for _, it := range items {
		got = append(got, it.Name)
	}
	if !slices.Equal(got, names) {
		g.Errorf("the trash of %s holds %q, want %q", uid, got, names)
	}
}

func TestAfterThirtyDays(t *testing.T) {
	each(t, func(g *rig) {
		d := g.as("dave1")
		d.put("/old", "x")
		d.mkdir("/dir")
		d.put("/dir/in", "x")
		d.put("/new", "x")
		d.rm("/old")
		d.rm("/dir")
		g.now = g.now.Add(time.Hour)
		d.rm("/new")
		g.now = g.now.Add(30*24*time.Hour - time.Hour)
		if err := g.room.Expire(g.Context()); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave1", "new")
		g.sound()
		if n, err := db.One(g.Context(), g.db, db.Scan1[int64], "SELECT COUNT(*) FROM content"); err != nil || n != 1 {
			g.Errorf("%d contents left, %v", n, err)
		}
	})
}

// Who deletes in a shared folder can take it back while it is shared.
func TestARecipientDeletes(t *testing.T) {
	each(t, func(g *rig) {
		owner := g.as("dave1")
		owner.mkdir("/s")
		owner.put("/s/a", "1")
		owner.put("/s/b", "2")
		owner.put("/s/c", "3")
		g.share("/s", files.All)
		for _, name := range []string{"a", "b", "c"} {
			g.as("dave2").rm("/s/" + name)
			g.now = g.now.Add(time.Second)
		}
		g.inTrash("dave1", "c", "b", "a")
		g.inTrash("dave2", "c", "b", "a")
		g.restored("dave2", g.item("dave2"))
		owner.want("/s", "c")
		g.inTrash("dave1", "b", "a")
		g.wants(204, "dave2", "DELETE", "/trash/"+g.item("dave2"))
		g.inTrash("dave1", "b", "a")
		g.inTrash("dave2", "a")
		item := g.item("dave2")
		g.hangs[0].Perm = files.Read
		g.wants(403, "dave2", "MOVE", "/trash/"+item, "Destination: /remote.php/dav/trashbin/dave2/restore/x")
		g.hangs = nil
		g.inTrash("dave2")
		g.wants(404, "dave2", "GET", "/trash/"+item)
		g.wants(200, "dave1", "GET", "/trash/"+g.item("dave1"))
		g.sound()
	})
}

func TestOneEmptiesTheTrashAlone(t *testing.T) {
	each(t, func(g *rig) {
		owner := g.as("dave1")
		owner.mkdir("/s")
		owner.put("/s/a", "1")
		g.share("/s", files.All)
		g.as("dave2").put("/mine", "2")
		g.as("dave2").rm("/mine")
		g.as("dave2").rm("/s/a")
		if err := g.room.Empty(g.Context(), "dave2"); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave2")
		g.inTrash("dave1", "a")
		owner.put("/later", "3")
		owner.rm("/later")
		g.sound()
		g.inTrash("dave1", "a", "later")
	})
}

// What a recipient deleted is not theirs to take once they may only read where it was.
func TestARecipientWhoOnlyReadsTakesNothing(t *testing.T) {
	g := lite(t)
	owner := g.as("dave1")
	owner.mkdir("/s")
	owner.put("/s/a", "1")
	g.share("/s", files.All)
	g.as("dave2").rm("/s/a")
	g.share("/s", files.Read)
	item := g.item("dave2")
	for _, to := range []string{"trashbin/dave2/restore/x", "files/dave2/mine"} {
		g.wants(403, "dave2", "MOVE", "/trash/"+item, "Destination: /remote.php/dav/"+to)
	}
	g.wants(201, "dave2", "COPY", "/trash/"+item, "Destination: /remote.php/dav/files/dave2/mine") // as they could any file of the folder
	g.inTrash("dave1", "a")
	g.share("/s", files.All)
	g.wants(201, "dave2", "MOVE", "/trash/"+item, "Destination: /remote.php/dav/files/dave2/taken")
	g.inTrash("dave1")
	g.sound()
}

func TestAnAccountGoesWithItsTrash(t *testing.T) {
	each(t, func(g *rig) {
		d := g.as("dave1")
		d.put("/a", "1")
		d.rm("/a")
		if err := g.dir.Remove(g.Context(), "dave1"); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave1")
		g.sound()
		if n, err := db.One(g.Context(), g.db, db.Scan1[int64], "SELECT COUNT(*) FROM content"); err != nil || n != 0 {
			g.Errorf("%d contents left, %v", n, err)
		}
	})
}

func TestLimitedCredentials(t *testing.T) {
	g := lite(t)
	d := g.as("dave1")
	dir := d.mkdir("/dir")
	d.put("/a", "1")
	d.rm("/a")
	item := g.item("dave1")
	restore := "Destination: /remote.php/dav/trashbin/dave1/restore/x"
	g.auth.scope = &who.Scope{Folders: []int64{dir.ID}}
	g.wants(403, "dave1", "PROPFIND", "/trash")
	g.wants(403, "dave1", "GET", "/trash/"+item)
	g.wants(403, "dave1", "MOVE", "/trash/"+item, restore)
	g.auth.scope = &who.Scope{Verbs: who.Read}
	g.wants(200, "dave1", "GET", "/trash/"+item)
	g.wants(403, "dave1", "MOVE", "/trash/"+item, restore)
	g.wants(403, "dave1", "DELETE", "/trash/"+item)
	g.wants(403, "dave1", "DELETE", "/trash")
	g.auth.scope = nil
	g.inTrash("dave1", "a")
}

// Only one's own can be deleted past the trash.
func TestEraseForGood(t *testing.T) {
	g := lite(t)
	owner := g.as("dave1")
	owner.mkdir("/s")
	owner.put("/s/a", "1")
	owner.put("/s/b", "2")
	g.share("/s", files.All)
	if err := g.as("dave2").Erase(g.Context(), g.as("dave2").stat("/s/a"), nil); err != nil {
		g.Fatal(err)
	}
	if err := owner.Erase(g.Context(), owner.stat("/s/b"), nil); err != nil {
		g.Fatal(err)
	}
	g.inTrash("dave1", "a")
	g.sound()
}

func TestARuleThatIsNone(t *testing.T) {
	g := lite(t)
	if err := g.room.settings.Set(g.Context(), systemApp, ruleName, "soon"); err != nil {
		g.Fatal(err)
	}
	if err := g.room.Expire(g.Context()); !errors.Is(err, fault.Invalid) {
		g.Errorf("got %v", err)
	}
}

func FuzzName(f *testing.F) {
	f.Add("a.txt.d1795313482")
	f.Add(".d1")
	f.Add("x.d")
	f.Add("x.d-1")
	f.Fuzz(func(t *testing.T, s string) {
		name, deleted, ok := parseName(s)
		if ok && (name == "" || deleted < 0) {
			t.Errorf("%q is %q at %d", s, name, deleted)
		}
		if it := (Item{Name: name, Deleted: deleted}); ok && !strings.Contains(s, ".d0") && !strings.Contains(s, ".d+") && !strings.Contains(s, ".d-") && it.davName() != s {
			t.Errorf("%q is named %q", s, it.davName())
		}
	})
}
