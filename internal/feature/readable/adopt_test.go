package readable

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"atrium/internal/core/files"
)

// shell runs real programs in alice's folder.
func (r *rig) shell(lines ...string) {
	r.Helper()
	c := exec.Command("sh", "-ec", strings.Join(lines, "\n"))
	c.Dir = r.below("alice")
	if out, err := c.CombinedOutput(); err != nil {
		r.Fatalf("%v\n%s", err, out)
	}
}

// wants checks what the tables say, and that the disk says it too.
func (r *rig) wants(want map[string]string) {
	r.Helper()
	if diff := cmp.Diff(want, r.inTables()); diff != "" {
		r.Errorf("in the tables (-want +got):\n%s", diff)
	}
	r.same()
}

func TestWhatOthersPutThereIsAdopted(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/docs")
		r.put("/docs/a", "ours")
		r.put("/replaced", "old")
		r.put("/edited", "old")
		r.drain()
		id := r.stat("/replaced").ID
		r.shell(
			"mkdir -p new/deep", "echo -n 1 > new/one", "echo -n 2 > new/deep/two", "touch -d '2020-02-03 04:05:06.5 UTC' new/one",
			"cp -a docs copied", // takes our marks along
			"echo -n brand new > .t; mv .t replaced",
			"echo -n ' and more' >> edited", // in place, into the blob
		)
		a := r.adopt("alice")
		if got := sum(a.tally); got != "6 new, 2 updated, 0 moved, 0 removed, 0 put back, 0 failed" {
			t.Errorf("got %s", got)
		}
		r.drain()
		r.wants(map[string]string{
			"/docs/": "", "/docs/a": "ours", "/new/": "", "/new/one": "1", "/new/deep/": "", "/new/deep/two": "2",
			"/copied/": "", "/copied/a": "ours", "/replaced": "brand new", "/edited": "old and more",
		})
		if e := r.stat("/replaced"); e.ID != id {
			t.Errorf("the file has another id, %d, than before, %d", e.ID, id)
		}
		if got, want := r.stat("/new/one").MTime, time.Date(2020, 2, 3, 4, 5, 6, 5e8, time.UTC); !got.Equal(want) {
			t.Errorf("time %v, want %v", got, want)
		}
		if a := r.adopt("alice"); a.fresh+a.updated+a.failed+a.restored != 0 {
			t.Errorf("once more: %s", sum(a.tally))
		}
	})
}

func TestMovedOnTheDisk(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/docs")
		r.mkdir("/docs/sub")
		r.put("/docs/sub/a", "a")
		r.put("/b", "b")
		r.put("/c", "c")
		r.put("/d", "d")
		r.put("/twin", "same")
		r.copy("/twin", "/twin2")
		r.drain()
		ids := map[string]int64{}
		for was, is := range map[string]string{"/docs/sub": "/sub", "/docs/sub/a": "/sub/a", "/b": "/docs/bb", "/c": "/d", "/twin": "/docs/twin"} {
			ids[is] = r.stat(was).ID
		}
		r.shell("mv docs/sub .", "mv b docs/bb", "mv c d", "mv twin docs/twin")
		if got := sum(r.adopt("alice").tally); got != "0 new, 0 updated, 4 moved, 0 removed, 0 put back, 0 failed" {
			t.Errorf("got %s", got)
		}
		r.drain()
		r.wants(map[string]string{"/docs/": "", "/sub/": "", "/sub/a": "a", "/docs/bb": "b", "/d": "c", "/docs/twin": "same", "/twin2": "same"})
		for path, id := range ids {
			if got := r.stat(path).ID; got != id && path != "/docs/twin" { // which of the twins it was nobody can know
				t.Errorf("%s has the id %d, want %d", path, got, id)
			}
		}
	})
}

func TestMissingIsPutBack(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/docs")
		r.mkdir("/docs/sub")
		r.put("/docs/sub/a", "a")
		r.put("/b", "b")
		r.drain()
		want := r.inTables()
		r.shell("rm -r docs b")
		if got := sum(r.adopt("alice").tally); got != "0 new, 0 updated, 0 moved, 0 removed, 2 put back, 0 failed" {
			t.Errorf("got %s", got)
		}
		r.drain()
		r.wants(want)
	})
}

func TestMissingIsRemovedWhenAskedTo(t *testing.T) {
	r := one(t)
	r.mkdir("/docs")
	r.put("/docs/a", "a")
	r.put("/b", "b")
	r.drain()
	r.shell("rm -r docs")
	if a := r.scan("alice", true); a.removed != 1 {
		t.Error(sum(a.tally))
	}
	r.drain()
	r.wants(map[string]string{"/b": "b"})
}

// While events are under way it is not known whether a link was moved by others
// or is about to be moved by us.
func TestNothingIsJudgedWhileEventsAreUnderWay(t *testing.T) {
	r := one(t)
	r.put("/a", "x")
	r.drain()
	r.move("/a", "/b")
	a := r.adopt("alice")
	if got := sum(a.tally); got != "0 new, 0 updated, 0 moved, 0 removed, 0 put back, 0 failed" || !a.behind {
		t.Errorf("got %s, behind: %v", got, a.behind)
	}
	r.drain()
	r.wants(map[string]string{"/b": "x"})
}

func TestWhatIsNotAdopted(t *testing.T) {
	r := one(t)
	r.put("/folder-or-file", "x")
	r.mkdir("/folder")
	r.drain()
	r.shell("ln -s /etc/passwd link", "mkfifo pipe", "echo x > download.part", "rmdir folder; echo x > folder", "ln -s /etc linkdir")
	if err := r.room.files.SetQuota(r.ctx, "alice", 1); err != nil {
		t.Fatal(err)
	}
	r.shell("echo too much > big")
	a := r.adopt("alice")
	if a.fresh != 0 || a.failed != 6 {
		t.Errorf("%s", sum(a.tally))
	}
	want := map[string]string{"/folder-or-file": "x", "/folder/": ""}
	if diff := cmp.Diff(want, r.inTables()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := r.onDisk(r.below("alice")); got["/big"] != "too much\n" || got["/folder"] != "x\n" {
		t.Errorf("what is not adopted must stay: %v", got)
	}
}

func TestAFileBeingWrittenToIsLeftAlone(t *testing.T) {
	r := one(t)
	r.mkdir("/a")
	r.drain()
	f, err := os.Create(r.at("growing"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("half"); err != nil {
		t.Fatal(err)
	}
	if a := r.adopt("alice"); a.fresh != 0 || len(a.busy) != 1 {
		t.Errorf("%s, busy: %v", sum(a.tally), a.busy)
	}
	if _, err := f.WriteString(" and half"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if a := r.adopt("alice"); a.fresh != 1 {
		t.Errorf("%s", sum(a.tally))
	}
	r.drain()
	r.wants(map[string]string{"/a/": "", "/growing": "half and half"})
}

// Names of other systems: not in NFC, or not in UTF-8 at all.
func TestNamesAreMadeOurs(t *testing.T) {
	r := one(t)
	r.put("/a", "x")
	r.drain()
	r.write(r.at("e\u0301te\u0301"), "nfd")
	r.write(r.at("\xe5"), "latin1")
	if err := os.MkdirAll(r.at("u\u0308/o\u0308"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.adopt("alice")
	r.drain()
	r.wants(map[string]string{"/a": "x", "/été": "nfd", "/å": "latin1", "/ü/": "", "/ü/ö/": ""})
}

// Somebody replaced a file on the disk while the server was down; then, before
// the tree was looked through, a client wrote to it. Both are kept.
func TestTwoWantTheSameName(t *testing.T) {
	r := one(t)
	r.put("/plan.txt", "old")
	r.drain()
	r.shell("echo -n from disk > .t; mv .t plan.txt")
	r.room.Now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local) }
	r.room.content.Now = func() time.Time { return time.Now().Add(time.Hour) }
	w, err := r.Write(r.ctx, "/plan.txt", files.Put{Body: strings.NewReader("from client"), Size: -1})
	if err != nil {
		t.Fatal(err)
	}
	r.drain()
	r.adopt("alice")
	r.drain()
	r.wants(map[string]string{"/plan.txt": "from client", "/plan (2026-01-02 030405).txt": "from disk"})
	if r.stat("/plan.txt").Content != w.Content {
		t.Error("the client's file was replaced")
	}
	// The same, but the tree is looked through before the event is handled.
	r.shell("echo -n again > .t; mv .t plan.txt")
	if _, err := r.Write(r.ctx, "/plan.txt", files.Put{Body: strings.NewReader("client again"), Size: -1}); err != nil {
		t.Fatal(err)
	}
	r.room.Now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 6, 0, time.Local) }
	r.adopt("alice")
	r.drain()
	r.wants(map[string]string{"/plan.txt": "client again", "/plan (2026-01-02 030405).txt": "from disk", "/plan (2026-01-02 030406).txt": "again"})
}

// A file's time that was changed on the disk is taken over, its bytes are not
// taken for changed.
func TestTouchedOnTheDisk(t *testing.T) {
	r := one(t)
	w := r.put("/a", "x")
	r.drain()
	then := time.Unix(1_600_000_000, 0)
	if err := os.Chtimes(r.at("a"), then, then); err != nil {
		t.Fatal(err)
	}
	r.adopt("alice")
	r.drain()
	r.clean()
	if e := r.stat("/a"); !e.MTime.Equal(then) || e.Content != w.Content {
		t.Errorf("time %v, content %d, before %d", e.MTime, e.Content, w.Content)
	}
}

// A blob has as many links as the disk allows: ext4 has 65,000. The next file
// with these bytes is a copy.
func TestCopiesBeyondTheLimitOfLinks(t *testing.T) {
	r := one(t)
	w := r.put("/a", "bytes")
	r.drain()
	full := t.TempDir()
	n := 0
	for ; n < 70_000; n++ {
		if err := os.Link(r.at("a"), filepath.Join(full, "x"+time.Duration(n).String())); err != nil {
			break
		}
	}
	r.copy("/a", "/b")
	r.drain()
	r.same()
	var a, b unix.Stat_t
	if unix.Stat(r.at("a"), &a) != nil || unix.Stat(r.at("b"), &b) != nil {
		t.Fatal("no such file")
	}
	if limited := n < 70_000; limited == (a.Ino == b.Ino) {
		t.Errorf("%d links: inodes %d and %d", n, a.Ino, b.Ino)
	}
	if got := r.stat("/b").Content; got != w.Content {
		t.Errorf("content %d, want %d", got, w.Content)
	}
	if a := r.adopt("alice"); a.fresh+a.updated+a.failed+a.restored != 0 {
		t.Errorf("%s", sum(a.tally))
	}
}
