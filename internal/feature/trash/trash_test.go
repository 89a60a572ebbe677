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
		g.Files.Now = g.Now // time stands still, and what is believed for a while stays so
		d := g.As("dave1")
		cost := func(n int) (there, back int64) {
			dir := fmt.Sprintf("/f%d", n)
			d.Folder(dir)
			for i := range n {
				d.Put(fmt.Sprintf("%s/%d", dir, i), "x")
			}
			e := d.At(dir)
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
		g.Sound()
	})
}

func TestThingsComeBackAsTheyWere(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		d.Folder("/a")
		d.Put("/a/x.txt", "hello")
		was := d.Drop("/a/x.txt")
		if used, _, err := g.Files.Usage(g.Context(), "dave1"); err != nil || used != 0 {
			g.Errorf("%d bytes used, %v", used, err)
		}
		g.restored("dave1", g.item("dave1"))
		now := d.At("/a/x.txt")
		if now.ID != was.ID || now.ETag != was.ETag || !now.MTime.Equal(was.MTime) || d.Text("/a/x.txt") != "hello" {
			g.Errorf("was %+v, is %+v", was.Node, now.Node)
		}
		if d.At("/").Size != 5 {
			g.Errorf("the home has %d bytes", d.At("/").Size)
		}
		g.Sound()
	})
}

// The place of something is its folder, not a path.
func TestItsFolderWasMoved(t *testing.T) {
	g := lite(t)
	d := g.As("dave1")
	d.Folder("/a")
	d.Put("/a/x", "1")
	d.Drop("/a/x")
	if _, _, err := d.Move(g.Context(), d.At("/a"), "/b", files.Refuse, nil); err != nil {
		g.Fatal(err)
	}
	g.restored("dave1", g.item("dave1"))
	d.Holds("/b", "x")
}

// A folder of the same path is good enough, when the one it was in is gone.
func TestItsFolderIsAnotherOne(t *testing.T) {
	g := lite(t)
	d := g.As("dave1")
	d.Folder("/a")
	d.Put("/a/x", "1")
	d.Drop("/a/x")
	item := g.item("dave1")
	g.Time = g.Time.Add(time.Minute)
	d.Drop("/a")
	d.Folder("/a")
	g.restored("dave1", item)
	d.Holds("/a", "x")
}

func TestTwoOfANameInASecond(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		const n = 12
		for i := range n {
			d.Folder(fmt.Sprintf("/%d", i))
			d.Put(fmt.Sprintf("/%d/x.txt", i), fmt.Sprint(i))
		}
		var all sync.WaitGroup
		for i := range n {
			e := d.At(fmt.Sprintf("/%d/x.txt", i))
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
			if got := d.Text(fmt.Sprintf("/%d/x.txt", i)); got != fmt.Sprint(i) {
				g.Errorf("%d holds %s", i, got)
			}
		}
		g.Sound()
	})
}

// What something takes the place of goes to the trash.
func TestOverwrittenByAMove(t *testing.T) {
	g := lite(t)
	d := g.As("dave1")
	d.Put("/a", "new")
	d.Put("/b", "old")
	if _, _, err := d.Move(g.Context(), d.At("/a"), "/b", files.Overwrite, nil); err != nil {
		g.Fatal(err)
	}
	if _, _, err := d.Copy(g.Context(), d.At("/b"), "/c", files.CopyOptions{}); err != nil {
		g.Fatal(err)
	}
	g.restored("dave1", g.item("dave1"))
	d.Holds("/", "b", "b (restored)", "c")
	if got := d.Text("/b (restored)"); got != "old" {
		g.Errorf("got %q", got)
	}
	g.Sound()
}

func TestFreeNamesFit(t *testing.T) {
	g := lite(t)
	d := g.As("dave1")
	long := strings.Repeat("é", 125) + ".txt" // 254 bytes
	for range 3 {
		d.Put("/"+long, "x")
		d.Drop("/" + long)
		g.Time = g.Time.Add(time.Second)
	}
	d.Put("/"+long, "x")
	for range 3 {
		g.restored("dave1", g.item("dave1"))
	}
	if n := d.Names("/"); len(n) != 4 {
		g.Errorf("got %q", n)
	}
}

func TestTheTrashMakesRoom(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		if err := g.Files.SetQuota(g.Context(), "dave1", 100); err != nil {
			g.Fatal(err)
		}
		for i := range 3 {
			g.Time = g.Time.Add(time.Second)
			d.Put(fmt.Sprintf("/%d", i), strings.Repeat("x", 30))
			d.Drop(fmt.Sprintf("/%d", i))
		}
		d.Put("/big", strings.Repeat("x", 35)) // fits into the quota, so it is never refused
		if err := g.room.MakeRoom(g.Context()); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave1", "2", "1")
		d.Put("/big", strings.Repeat("x", 100))
		if err := g.room.settings.Set(g.Context(), systemApp, ruleName, "7, auto"); err != nil {
			g.Fatal(err)
		}
		if err := g.room.MakeRoom(g.Context()); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave1", "2", "1") // seven days are promised
		g.Time = g.Time.Add(8 * 24 * time.Hour)
		if err := g.room.MakeRoom(g.Context()); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave1")
		g.Sound()
	})
}

// What lies in the trash has given up its room: it comes back only where there is
// some, by whichever way and whoever restores it, and stays where it is otherwise.
func TestWhatDoesNotFitStaysInTheTrash(t *testing.T) {
	each(t, func(g *rig) {
		owner := g.As("dave1")
		owner.Folder("/s")
		owner.Folder("/s/dir")
		owner.Put("/s/dir/in", strings.Repeat("x", 60))
		g.Share("/s", files.All)
		if err := g.Files.SetQuota(g.Context(), "dave1", 100); err != nil {
			g.Fatal(err)
		}
		g.As("dave2").Drop("/s/dir")
		owner.Put("/big", strings.Repeat("x", 41))
		for uid, to := range map[string]string{"dave1": "trashbin/dave1/restore/x", "dave2": "trashbin/dave2/restore/x"} {
			g.Wants(507, uid, "MOVE", "/trash/"+g.item(uid), "Destination: /remote.php/dav/"+to)
		}
		g.Wants(507, "dave1", "MOVE", "/trash/"+g.item("dave1"), "Destination: /remote.php/dav/files/dave1/back")
		g.inTrash("dave1", "dir")
		g.inTrash("dave2", "dir")
		owner.Put("/big", strings.Repeat("x", 40))
		g.restored("dave2", g.item("dave2"))
		owner.At("/s/dir/in")
		g.Sound()
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
		d := g.As("dave1")
		d.Put("/old", "x")
		d.Folder("/dir")
		d.Put("/dir/in", "x")
		d.Put("/new", "x")
		d.Drop("/old")
		d.Drop("/dir")
		g.Time = g.Time.Add(time.Hour)
		d.Drop("/new")
		g.Time = g.Time.Add(30*24*time.Hour - time.Hour)
		if err := g.room.Expire(g.Context()); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave1", "new")
		g.Sound()
		if n, err := db.One(g.Context(), g.DB, db.Scan1[int64], "SELECT COUNT(*) FROM content"); err != nil || n != 1 {
			g.Errorf("%d contents left, %v", n, err)
		}
	})
}

// Who deletes in a shared folder can take it back while it is shared.
func TestARecipientDeletes(t *testing.T) {
	each(t, func(g *rig) {
		owner := g.As("dave1")
		owner.Folder("/s")
		owner.Put("/s/a", "1")
		owner.Put("/s/b", "2")
		owner.Put("/s/c", "3")
		g.Share("/s", files.All)
		for _, name := range []string{"a", "b", "c"} {
			g.As("dave2").Drop("/s/" + name)
			g.Time = g.Time.Add(time.Second)
		}
		g.inTrash("dave1", "c", "b", "a")
		g.inTrash("dave2", "c", "b", "a")
		g.restored("dave2", g.item("dave2"))
		owner.Holds("/s", "c")
		g.inTrash("dave1", "b", "a")
		g.Wants(204, "dave2", "DELETE", "/trash/"+g.item("dave2"))
		g.inTrash("dave1", "b", "a")
		g.inTrash("dave2", "a")
		item := g.item("dave2")
		g.Hangs[0].Perm = files.Read
		g.Wants(403, "dave2", "MOVE", "/trash/"+item, "Destination: /remote.php/dav/trashbin/dave2/restore/x")
		g.Hangs = nil
		g.inTrash("dave2")
		g.Wants(404, "dave2", "GET", "/trash/"+item)
		g.Wants(200, "dave1", "GET", "/trash/"+g.item("dave1"))
		g.Sound()
	})
}

func TestOneEmptiesTheTrashAlone(t *testing.T) {
	each(t, func(g *rig) {
		owner := g.As("dave1")
		owner.Folder("/s")
		owner.Put("/s/a", "1")
		g.Share("/s", files.All)
		g.As("dave2").Put("/mine", "2")
		g.As("dave2").Drop("/mine")
		g.As("dave2").Drop("/s/a")
		if err := g.room.Empty(g.Context(), "dave2"); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave2")
		g.inTrash("dave1", "a")
		owner.Put("/later", "3")
		owner.Drop("/later")
		g.Sound()
		g.inTrash("dave1", "a", "later")
	})
}

// What a recipient deleted is not theirs to take once they may only read where it was.
func TestARecipientWhoOnlyReadsTakesNothing(t *testing.T) {
	g := lite(t)
	owner := g.As("dave1")
	owner.Folder("/s")
	owner.Put("/s/a", "1")
	g.Share("/s", files.All)
	g.As("dave2").Drop("/s/a")
	g.Share("/s", files.Read)
	item := g.item("dave2")
	for _, to := range []string{"trashbin/dave2/restore/x", "files/dave2/mine"} {
		g.Wants(403, "dave2", "MOVE", "/trash/"+item, "Destination: /remote.php/dav/"+to)
	}
	g.Wants(201, "dave2", "COPY", "/trash/"+item, "Destination: /remote.php/dav/files/dave2/mine") // as they could any file of the folder
	g.inTrash("dave1", "a")
	g.Share("/s", files.All)
	g.Wants(201, "dave2", "MOVE", "/trash/"+item, "Destination: /remote.php/dav/files/dave2/taken")
	g.inTrash("dave1")
	g.Sound()
}

func TestAnAccountGoesWithItsTrash(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		d.Put("/a", "1")
		d.Drop("/a")
		if err := g.People.Remove(g.Context(), "dave1"); err != nil {
			g.Fatal(err)
		}
		g.inTrash("dave1")
		g.Sound()
		if n, err := db.One(g.Context(), g.DB, db.Scan1[int64], "SELECT COUNT(*) FROM content"); err != nil || n != 0 {
			g.Errorf("%d contents left, %v", n, err)
		}
	})
}

func TestLimitedCredentials(t *testing.T) {
	g := lite(t)
	d := g.As("dave1")
	dir := d.Folder("/dir")
	d.Put("/a", "1")
	d.Drop("/a")
	item := g.item("dave1")
	restore := "Destination: /remote.php/dav/trashbin/dave1/restore/x"
	g.Scope = &who.Scope{Folders: []int64{dir.ID}}
	g.Wants(403, "dave1", "PROPFIND", "/trash")
	g.Wants(403, "dave1", "GET", "/trash/"+item)
	g.Wants(403, "dave1", "MOVE", "/trash/"+item, restore)
	g.Scope = &who.Scope{Verbs: who.Read}
	g.Wants(200, "dave1", "GET", "/trash/"+item)
	g.Wants(403, "dave1", "MOVE", "/trash/"+item, restore)
	g.Wants(403, "dave1", "DELETE", "/trash/"+item)
	g.Wants(403, "dave1", "DELETE", "/trash")
	g.Scope = nil
	g.inTrash("dave1", "a")
}

// Only one's own can be deleted past the trash.
func TestEraseForGood(t *testing.T) {
	g := lite(t)
	owner := g.As("dave1")
	owner.Folder("/s")
	owner.Put("/s/a", "1")
	owner.Put("/s/b", "2")
	g.Share("/s", files.All)
	if err := g.As("dave2").Erase(g.Context(), g.As("dave2").At("/s/a"), nil); err != nil {
		g.Fatal(err)
	}
	if err := owner.Erase(g.Context(), owner.At("/s/b"), nil); err != nil {
		g.Fatal(err)
	}
	g.inTrash("dave1", "a")
	g.Sound()
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
