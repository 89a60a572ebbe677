package readable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
	"atrium/internal/infra/blob/disk"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/bus/bustest"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/jobs/jobstest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
)

var schemas = []db.Schema{bus.Schema, jobs.Schema, settings.Schema, identity.Schema, tree.Schema, content.Schema}

// rig is a data folder with a readable tree, and alice's view of her files.
type rig struct {
	testing.TB
	*files.View
	ctx   context.Context
	data  string
	db    *db.DB
	blobs *disk.Store
	room  *Room
	board *plug.Board
	clock *jobstest.Clock
}

// newRig begins an instance whose tree is made.
func newRig(t testing.TB, d *db.DB) *rig {
	r := &rig{TB: t, ctx: t.Context(), data: t.TempDir(), db: d}
	blobs, _, err := disk.Create(filepath.Join(r.data, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	blobs.NoSync = true
	t.Cleanup(func() { blobs.Close() })
	r.open(d, blobs)
	if err := r.room.begin(r.ctx); err != nil {
		t.Fatal(err)
	}
	r.account("alice")
	r.as("alice")
	return r
}

// open makes the room over a database and a store.
func (r *rig) open(d *db.DB, blobs *disk.Store) {
	r.Helper()
	box, err := seal.New(seal.NewKey())
	if err != nil {
		r.Fatal(err)
	}
	q, clock := jobstest.New(d)
	r.db, r.blobs, r.clock = d, blobs, clock
	r.board = &plug.Board{Bus: bustest.New(d), Jobs: q}
	t, c := tree.New(d), content.New(d, blobs)
	f := files.New(d, t, c, func(ctx context.Context, tx *db.DB, ev interface{ EventName() string }) error {
		return r.board.Bus.Publish(ctx, tx, ev)
	})
	people := identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 8, Time: 1, Threads: 1}, 4))
	people.OnRemoved(f.DropHome)
	r.room = New(shelf.Place{Data: r.data, Blobs: "blobs", Path: blobs.Path}, d, t, c, f, people, settings.New(d))
	r.room.Log = slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		r.room.Log = slog.New(slog.NewTextHandler(r.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	r.room.Store = func(context.Context) error { return nil }
	r.room.Plug(r.board)
	r.Cleanup(func() { r.room.Close() })
}

func each(t *testing.T, f func(r *rig)) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func one(t testing.TB) *rig { return newRig(t, dbtest.SQLite(t, schemas...)) }

func (r *rig) account(uid string) {
	r.Helper()
	if _, err := r.room.people.Create(r.ctx, identity.NewUser{ID: uid}); err != nil {
		r.Fatal(err)
	}
}

// as makes somebody the owner of what follows.
func (r *rig) as(uid string) {
	r.Helper()
	v, err := r.room.files.As(r.ctx, &who.Principal{ID: uid})
	if err != nil {
		r.Fatal(err)
	}
	r.View = v
}

func (r *rig) put(path, body string) files.Written {
	r.Helper()
	w, err := r.Write(r.ctx, path, files.Put{Body: strings.NewReader(body), Size: int64(len(body)), MTime: time.Unix(1_700_000_000, 123_456_789)})
	if err != nil {
		r.Fatalf("put %s: %v", path, err)
	}
	return w
}

func (r *rig) mkdir(path string) *files.Entry {
	r.Helper()
	e, err := r.Mkdir(r.ctx, path)
	if err != nil {
		r.Fatalf("mkdir %s: %v", path, err)
	}
	return e
}

func (r *rig) stat(path string) *files.Entry {
	r.Helper()
	e, err := r.Stat(r.ctx, path)
	if err != nil {
		r.Fatalf("stat %s: %v", path, err)
	}
	return e
}

func (r *rig) move(from, to string) {
	r.Helper()
	if _, _, err := r.Move(r.ctx, r.stat(from), to, files.Overwrite, nil); err != nil {
		r.Fatalf("move %s to %s: %v", from, to, err)
	}
}

func (r *rig) copy(from, to string) {
	r.Helper()
	if _, _, err := r.Copy(r.ctx, r.stat(from), to, files.CopyOptions{Clash: files.Overwrite}); err != nil {
		r.Fatalf("copy %s to %s: %v", from, to, err)
	}
}

func (r *rig) remove(path string) {
	r.Helper()
	if err := r.Remove(r.ctx, r.stat(path), nil); err != nil {
		r.Fatalf("remove %s: %v", path, err)
	}
}

func (r *rig) touch(path string, mtime time.Time) {
	r.Helper()
	change, err := r.NewChange(r.ctx)
	if err == nil {
		err = r.db.Tx(r.ctx, func(tx *db.DB) error {
			return r.SetTimes(r.ctx, tx, change, r.stat(path), files.Times{MTime: &mtime})
		})
	}
	if err != nil {
		r.Fatalf("touch %s: %v", path, err)
	}
}

// drain lets all events and all jobs arrive.
func (r *rig) drain() {
	r.Helper()
	if err := r.board.Bus.Drain(r.ctx); err != nil {
		r.Fatal(err)
	}
	r.work()
}

func (r *rig) work() {
	r.Helper()
	for range 3 {
		r.clock.Advance(time.Minute)
		if err := r.board.Jobs.Drain(r.ctx); err != nil {
			r.Fatal(err)
		}
	}
}

// below is where a user's files stand on the disk.
func (r *rig) below(uid string) string { return filepath.Join(r.data, "users", uid, "files") }

// at is a path on the disk of alice's.
func (r *rig) at(path string) string { return filepath.Join(r.below("alice"), path) }

// onDisk reads what stands on the disk below a folder, by path: folders end in /.
func (r *rig) onDisk(folder string) map[string]string {
	r.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(folder, func(p string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || p == folder {
			return nil // it has just gone
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, p)
		if err != nil {
			return err
		}
		switch {
		case e.IsDir():
			out["/"+name+"/"] = ""
		case !e.Type().IsRegular():
			out["/"+name] = e.Type().String()
		default:
			b, err := os.ReadFile(p)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			out["/"+name] = string(b)
		}
		return nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return out
}

// inTables reads what the tables say of the files of whoever it is, likewise.
func (r *rig) inTables() map[string]string {
	r.Helper()
	out := map[string]string{}
	for e, err := range r.Below(r.ctx, r.stat("/")) {
		if err != nil {
			r.Fatal(err)
		}
		if e.IsDir() {
			out[e.Path+"/"] = ""
			continue
		}
		rc, err := r.Open(r.ctx, e, 0, -1)
		if err != nil {
			r.Fatal(err)
		}
		b, err := io.ReadAll(rc)
		rc.Close()
		if err != nil {
			r.Fatal(err)
		}
		out[e.Path] = string(b)
	}
	return out
}

// found are the findings of a check.
func (r *rig) found() (out []string) {
	r.Helper()
	homes, err := r.room.homes(r.ctx)
	if err != nil {
		r.Fatal(err)
	}
	behind, err := r.room.check(r.ctx, homes, time.Second, func(path, what string) { out = append(out, path+" "+what) })
	if err != nil || behind > 0 {
		r.Fatalf("check: %d not judged, %v", behind, err)
	}
	slices.Sort(out)
	return out
}

// clean checks that the check finds nothing.
func (r *rig) clean() {
	r.Helper()
	if f := r.found(); len(f) > 0 {
		r.Errorf("findings:\n%s", strings.Join(f, "\n"))
	}
}

// adopt looks through a user's whole tree, as files:scan does.
func (r *rig) adopt(uid string) *adoption { r.Helper(); return r.scan(uid, false) }

// scan is adopt; gone: and what is missing goes from the tables.
func (r *rig) scan(uid string, gone bool) *adoption {
	r.Helper()
	s, err := r.room.disk(r.ctx)
	if err != nil {
		r.Fatal(err)
	}
	a := r.room.adoption(s, func(path, what string, err error) { r.Logf("%s %s %v", path, what, err) })
	a.gone = gone
	sp, err := r.room.homeOf(r.ctx, uid)
	if err == nil {
		err = a.tree(r.ctx, sp.Root, atOnce)
	}
	if err == nil {
		err = a.finish(r.ctx, time.Second)
	}
	if err != nil {
		r.Fatal(err)
	}
	return a
}

func sum(t tally) string {
	return fmt.Sprintf("%d new, %d updated, %d moved, %d removed, %d put back, %d failed",
		t.fresh, t.updated, t.moved, t.removed, t.restored, t.failed)
}

// write puts a file on the disk, as others do.
func (r *rig) write(path, body string) {
	r.Helper()
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		r.Fatal(err)
	}
}

func inode(t testing.TB, path string) uint64 {
	t.Helper()
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	e, err := shelf.Dir(d.Fd()).Stat(filepath.Base(path))
	if err != nil || e == nil {
		t.Fatalf("%s: %v", path, err)
	}
	return e.Ino
}

// counted tells how many statements something takes.
func (r *rig) counted(f func(ctx context.Context)) int64 {
	ctx, n := db.Count(r.ctx)
	f(ctx)
	return n.Load()
}
