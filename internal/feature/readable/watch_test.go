package readable

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/feature/readable/shelf"
	"atrium/internal/infra/db"
)

// serve runs bus, jobs and the watch, as the server does, until the test ends.
func (r *rig) serve() {
	r.Helper()
	r.room.Quiet = 30 * time.Millisecond
	r.board.Jobs.Now = time.Now
	ctx, stop := context.WithCancel(r.ctx)
	var wg sync.WaitGroup
	wg.Go(func() { r.board.Bus.Run(ctx) })
	wg.Go(func() { r.board.Jobs.Run(ctx) })
	wg.Go(func() {
		if err := r.room.Run(ctx); err != nil {
			r.Errorf("run: %v", err)
		}
	})
	r.Cleanup(func() { stop(); wg.Wait() })
	r.until("it watches", func() string {
		if w := r.room.watch.Load(); w == nil {
			return "not yet"
		}
		return ""
	})
}

// until waits until f has nothing more to say.
func (r *rig) until(what string, f func() (missing string)) {
	r.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); ; <-tick.C {
		missing := f()
		if missing == "" {
			return
		}
		if time.Now().After(end) {
			r.Fatalf("%s: %s", what, missing)
		}
	}
}

// becomes waits until the tables and the disk say what is wanted.
func (r *rig) becomes(want map[string]string) {
	r.Helper()
	r.until("tables and disk", func() string {
		if waiting, err := r.board.Jobs.Backlog(r.ctx); err != nil || waiting[mirrorJob] > 0 {
			return fmt.Sprint("jobs: ", waiting, err)
		}
		return cmp.Diff(want, r.inTables()) + cmp.Diff(want, r.onDisk(r.below(r.Who().ID)))
	})
	r.clean()
}

func TestChangesBehindOurBack(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/docs")
		r.put("/docs/a", "a")
		r.put("/b", "b")
		r.serve()
		r.becomes(map[string]string{"/docs/": "", "/docs/a": "a", "/b": "b"})
		outside := t.TempDir()
		r.shell("echo -n new > "+outside+"/new", "cp "+outside+"/new docs/copied", "mv "+outside+"/new moved-in", "cp -r docs docs2")
		r.becomes(map[string]string{"/docs/": "", "/docs/a": "a", "/docs/copied": "new", "/docs2/": "", "/docs2/a": "a", "/docs2/copied": "new",
			"/b": "b", "/moved-in": "new"})
		r.shell("rm -r docs2", "rm moved-in")
		r.becomes(map[string]string{"/docs/": "", "/docs/a": "a", "/docs/copied": "new", "/docs2/": "", "/docs2/a": "a", "/docs2/copied": "new",
			"/b": "b", "/moved-in": "new"}) // put back
		r.shell("echo -n changed > .a.swp; mv .a.swp docs/a", "echo -n ' more' >> docs/copied", "mkdir -p deep/er; cp docs/a deep/er/z")
		r.becomes(map[string]string{"/docs/": "", "/docs/a": "changed", "/docs/copied": "new more", "/docs2/": "", "/docs2/a": "a",
			"/docs2/copied": "new", "/b": "b", "/moved-in": "new", "/deep/": "", "/deep/er/": "", "/deep/er/z": "changed"})
		// And all of it can be changed by clients again.
		r.move("/deep", "/docs2/deep")
		r.remove("/docs")
		r.becomes(map[string]string{"/docs2/": "", "/docs2/a": "a", "/docs2/copied": "new", "/b": "b", "/moved-in": "new",
			"/docs2/deep/": "", "/docs2/deep/er/": "", "/docs2/deep/er/z": "changed"})
	})
}

// What somebody moves behind our back is followed, or put back when a busy
// machine tells us of it in pieces: never lost, and never in two places.
func TestMovesBehindOurBackLoseNothing(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/docs")
		r.put("/docs/a", "a")
		r.put("/b", "b")
		r.serve()
		here := map[string]string{"/docs/": "", "/docs/a": "a", "/b": "b"}
		r.becomes(here)
		r.shell("mv b docs/c")
		there := map[string]string{"/docs/": "", "/docs/a": "a", "/docs/c": "b"}
		r.until("tables and disk", func() string {
			tables, disk := r.inTables(), r.onDisk(r.below(r.Who().ID))
			if cmp.Equal(tables, here) || cmp.Equal(tables, there) {
				return cmp.Diff(tables, disk)
			}
			return cmp.Diff(there, tables)
		})
		r.clean()
	})
}

// A second name that somebody gives a file of ours is taken away again, as a
// write through it would change both.
func TestHardLinksOfOthers(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/docs")
		r.put("/docs/a", "a")
		r.serve()
		r.becomes(map[string]string{"/docs/": "", "/docs/a": "a"})
		r.shell("ln docs/a b", "cp -al docs docs2")
		r.becomes(map[string]string{"/docs/": "", "/docs/a": "a", "/docs2/": ""})
	})
}

// A file that was uploaded in parts has no link of its own yet: the one of its
// former bytes, whose blob is gone, must not pass for somebody else's file.
func TestTheLinkOfFormerBytes(t *testing.T) {
	r := one(t)
	r.put("/a", "old")
	r.drain()
	old := r.stat("/a").Content
	var parts []content.Content
	for range 2 {
		c, err := r.room.content.Write(r.ctx, strings.NewReader("part"), -1)
		if err == nil {
			err = r.db.Tx(r.ctx, func(tx *db.DB) error { return r.room.content.Keep(r.ctx, tx, c) })
		}
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, c)
	}
	if _, err := r.Write(r.ctx, "/a", files.Put{Parts: parts}); err != nil {
		t.Fatal(err)
	}
	if err := r.board.Bus.Drain(r.ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.blobs.Delete(r.ctx, content.Key(old)); err != nil { // as the sweeper does
		t.Fatal(err)
	}
	still := func() {
		t.Helper()
		if a := r.adopt("alice"); a.fresh+a.updated > 0 {
			t.Errorf("adopted: %s", sum(a.tally))
		}
	}
	still()
	r.move("/a", "/b") // and the link stands where nothing is
	still()
	r.drain()
	r.wants(map[string]string{"/b": "partpart"})
}

// What was changed while nobody watched is adopted after the start; a tree that
// was never made is made.
func TestTheFirstStart(t *testing.T) {
	r := one(t)
	r.mkdir("/docs")
	r.put("/docs/a", "a")
	if err := r.room.settings.Set(r.ctx, settingsApp, settingBuilt, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := r.db.Exec(r.ctx, "DELETE FROM bus_event"); err != nil { // as if nobody had told us
		t.Fatal(err)
	}
	if err := os.MkdirAll(r.at("theirs"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.write(r.at("theirs/b"), "b")
	r.serve()
	r.becomes(map[string]string{"/docs/": "", "/docs/a": "a", "/theirs/": "", "/theirs/b": "b"})
}

// A file is adopted when it is closed, however slowly it is written.
func TestASlowWriter(t *testing.T) {
	r := one(t)
	r.mkdir("/a")
	r.serve()
	r.becomes(map[string]string{"/a/": ""})
	f, err := os.Create(r.at("a/slow"))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := f.WriteString("x"); err != nil {
			t.Fatal(err)
		}
		r.put("/marker", "y")
		r.until("the marker", func() string {
			if _, err := os.Stat(r.at("marker")); err != nil {
				return err.Error()
			}
			return ""
		})
		r.remove("/marker")
		if _, err := r.Stat(r.ctx, "/a/slow"); !errors.Is(err, fault.NotFound) {
			t.Fatalf("adopted while it was written to: %v", err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r.becomes(map[string]string{"/a/": "", "/a/slow": "xxxxx"})
}

// Several write, move and delete through us and on the disk at once, while the
// tree is checked again and again: no false finding, and all come to rest.
func TestCheckUnderLoad(t *testing.T) {
	r := one(t)
	r.mkdir("/a")
	r.mkdir("/b")
	r.serve()
	ctx, stop := context.WithCancel(r.ctx)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				path := fmt.Sprintf("/a/%d-%d", w, n%10)
				switch n % 4 {
				case 0, 1:
					body := fmt.Sprint(n)
					_, _ = r.Write(ctx, path, files.Put{Body: strings.NewReader(body), Size: -1})
				case 2:
					if e, err := r.Stat(ctx, path); err == nil {
						_, _, _ = r.Move(ctx, e, fmt.Sprintf("/b/%d-%d", w, n%7), files.Overwrite, nil)
					}
				case 3:
					if e, err := r.Stat(ctx, fmt.Sprintf("/b/%d-%d", w, n%7)); err == nil {
						_ = r.Remove(ctx, e, nil)
					}
				}
			}
		})
	}
	for range 5 {
		homes, err := r.room.homes(r.ctx)
		if err != nil {
			t.Fatal(err)
		}
		behind, err := r.room.check(r.ctx, homes, 20*time.Second, func(path, what string) { t.Errorf("%s %s", path, what) })
		if err != nil || behind > 0 {
			t.Errorf("%d not judged, %v", behind, err)
		}
	}
	stop()
	wg.Wait()
	r.until("rest", func() string { return cmp.Diff(r.inTables(), r.onDisk(r.below("alice"))) })
	r.clean()
}

// Our own links cost a look at the disk and nothing else.
func TestOwnLinksAreNoNews(t *testing.T) {
	r := one(t)
	r.mkdir("/a")
	for i := range 20 {
		r.put(fmt.Sprintf("/a/%d", i), "x")
	}
	r.drain()
	s, err := r.room.disk(r.ctx)
	if err != nil {
		t.Fatal(err)
	}
	n, err := shelf.OpenNotices()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	w := &watch{notices: n, r: r.room, spots: map[spot]*pending{}, wake: make(chan struct{}, 1)}
	due := map[spot]*pending{}
	for i := range 20 {
		due[spot{r.stat("/a").ID, fmt.Sprint(i)}] = &pending{plain: true}
	}
	queries := r.counted(func(ctx context.Context) {
		a := r.room.adoption(s, w.say)
		found, err := w.differences(ctx, s, due, a)
		if err != nil || len(found) > 0 {
			t.Errorf("%v, %v", found, err)
		}
	})
	if queries > 2 { // where the folder lies, and whose it is
		t.Errorf("%d queries", queries)
	}
}
