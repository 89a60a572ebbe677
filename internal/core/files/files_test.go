package files_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"atrium/internal/base/checksum"
	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

// desk is a user's view with short verbs.
type desk struct {
	*testing.T
	*files.View
	ctx     context.Context
	db      *db.DB
	content *content.Store
	mu      *sync.Mutex
	events  []string // names of what was told
	last    interface{ EventName() string }
}

func each(t *testing.T, f func(d *desk)) {
	dbtest.Each(t, []db.Schema{tree.Schema, content.Schema}, func(t *testing.T, d *db.DB) { f(deskOn(t, d)) })
}

// light is each for rules that no database knows of.
func light(t *testing.T, f func(d *desk)) {
	f(deskOn(t, dbtest.SQLite(t, tree.Schema, content.Schema)))
}

func deskOn(t *testing.T, d *db.DB) *desk {
	k := &desk{T: t, ctx: t.Context(), db: d, mu: &sync.Mutex{}, content: content.New(d, mem.New())}
	svc := files.New(d, tree.New(d), k.content, k.publish)
	v, err := svc.As(k.ctx, &who.Principal{ID: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	k.View = v
	return k
}

func (k *desk) publish(_ context.Context, _ *db.DB, ev interface{ EventName() string }) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events, k.last = append(k.events, ev.EventName()), ev
	return nil
}

func (k *desk) put(path, body string) files.Written {
	k.Helper()
	w, err := k.Write(k.ctx, path, files.Put{Body: strings.NewReader(body), Size: int64(len(body))})
	if err != nil {
		k.Fatalf("put %s: %v", path, err)
	}
	return w
}

func (k *desk) mkdir(path string) {
	k.Helper()
	if _, err := k.Mkdir(k.ctx, path); err != nil {
		k.Fatalf("mkdir %s: %v", path, err)
	}
}

func (k *desk) stat(path string) *files.Entry {
	k.Helper()
	e, err := k.Stat(k.ctx, path)
	if err != nil {
		k.Fatalf("stat %s: %v", path, err)
	}
	return e
}

func (k *desk) get(path string) string {
	k.Helper()
	rc, err := k.Open(k.ctx, k.stat(path), 0, -1)
	if err != nil {
		k.Fatalf("open %s: %v", path, err)
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		k.Fatal(err)
	}
	return string(b)
}

func (k *desk) list(path string) (out []string) {
	k.Helper()
	for e, err := range k.List(k.ctx, k.stat(path)) {
		if err != nil {
			k.Fatal(err)
		}
		out = append(out, e.Base())
	}
	return out
}

// bytesKept is what is left after everything unreferenced was swept.
func (k *desk) sweep() {
	k.Helper()
	if err := k.Purge(k.ctx); err != nil {
		k.Fatal(err)
	}
	if _, err := k.content.Sweep(k.ctx); err != nil {
		k.Fatal(err)
	}
	if err := k.Verify(k.ctx, content.Bytes, nil, func(f string) { k.Error(f) }); err != nil {
		k.Fatal(err)
	}
}

func (k *desk) contents() int64 {
	k.Helper()
	n, err := db.One(k.ctx, k.db, db.Scan1[int64], "SELECT COUNT(*) FROM content")
	if err != nil {
		k.Fatal(err)
	}
	return n
}

func TestWriteReadOverwrite(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/a")
		first := k.put("/a/f.txt", "one")
		second := k.put("/a/f.txt", "two!")
		if !first.Created || second.Created || first.ID != second.ID || first.ETag == second.ETag {
			t.Errorf("first %+v, second %+v", first, second)
		}
		if got := k.get("/a/f.txt"); got != "two!" {
			t.Errorf("content %q", got)
		}
		if e := k.stat("/"); e.Size != 4 {
			t.Errorf("root has %d bytes", e.Size)
		}
		k.sweep()
		if n := k.contents(); n != 1 {
			t.Errorf("%d contents left", n)
		}
	})
}

func TestWrongChecksumStoresNothing(t *testing.T) {
	each(t, func(k *desk) {
		k.put("/f", "before")
		for _, sums := range [][]checksum.Sum{
			{{Hash: sha1.New(), Want: "00"}},
			{{Hash: md5.New(), Want: fmt.Sprintf("%x", md5.Sum([]byte("after")))}, {Hash: sha1.New(), Want: "00"}},
		} {
			_, err := k.Write(k.ctx, "/f", files.Put{Body: strings.NewReader("after"), Size: 5, Sums: sums})
			if !errors.Is(err, fault.Invalid) || k.get("/f") != "before" {
				t.Errorf("err %v, content %q", err, k.get("/f"))
			}
		}
		if _, err := k.Write(k.ctx, "/f", files.Put{Body: strings.NewReader("short"), Size: 99}); !errors.Is(err, fault.Invalid) {
			t.Errorf("short body: %v", err)
		}
	})
}

func TestPreconditionIsAskedAgainInTheTransaction(t *testing.T) {
	each(t, func(k *desk) {
		old := k.put("/f", "1")
		_, err := k.Write(k.ctx, "/f", files.Put{Size: -1, Body: readerFunc(func([]byte) (int, error) {
			k.put("/f", "in between") // while the body is still being read
			return 0, io.EOF
		}), Check: func(cur *files.Entry) error {
			if cur == nil || cur.ETag != old.ETag {
				return fault.Stale
			}
			return nil
		}})
		if !errors.Is(err, fault.Stale) || k.get("/f") != "in between" {
			t.Errorf("err %v, content %q", err, k.get("/f"))
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestRemoveFolderThenPurge(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/a")
		k.mkdir("/a/b")
		for i := range 30 {
			k.put(fmt.Sprint("/a/b/f", i), "x")
		}
		if err := k.Remove(k.ctx, k.stat("/a"), nil); err != nil {
			t.Fatal(err)
		}
		if got := k.list("/"); len(got) != 0 || k.stat("/").Size != 0 {
			t.Errorf("left %q, %d bytes", got, k.stat("/").Size)
		}
		k.sweep()
		if n := k.contents(); n != 0 {
			t.Errorf("%d contents left", n)
		}
	})
}

func TestMoveKeepsIDAndOverwrites(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/a")
		src := k.put("/a/f.txt", "source")
		k.put("/g.png", "target")
		if _, _, err := k.Move(k.ctx, k.stat("/a/f.txt"), "/g.png", files.Refuse, nil); !errors.Is(err, fault.Exists) {
			t.Errorf("refused: %v", err)
		}
		made, _, err := k.Move(k.ctx, k.stat("/a/f.txt"), "/g.png", files.Overwrite, nil)
		if err != nil || made {
			t.Fatalf("made %v, %v", made, err)
		}
		e := k.stat("/g.png")
		if e.ID != src.ID || e.ETag != src.ETag || k.get("/g.png") != "source" || e.Mime != "image/png" {
			t.Errorf("moved %+v", e)
		}
		if _, _, err := k.Move(k.ctx, k.stat("/a"), "/a/b", files.Overwrite, nil); !errors.Is(err, fault.Conflict) {
			t.Errorf("into itself: %v", err)
		}
		if _, _, err := k.Move(k.ctx, k.stat("/a"), "/none/b", files.Overwrite, nil); !errors.Is(err, files.ErrNoParent) {
			t.Errorf("no parent: %v", err)
		}
		k.sweep()
	})
}

func TestCopySharesBytes(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/a")
		k.mkdir("/a/b")
		k.put("/a/b/f", "hello")
		k.put("/a/g", "world")
		if made, _, err := k.Copy(k.ctx, k.stat("/a"), "/c", files.CopyOptions{}); err != nil || !made {
			t.Fatalf("made %v, %v", made, err)
		}
		if k.get("/c/b/f") != "hello" || k.stat("/c").Size != 10 || k.stat("/").Size != 20 {
			t.Errorf("copy %q, sizes %d and %d", k.get("/c/b/f"), k.stat("/c").Size, k.stat("/").Size)
		}
		if n := k.contents(); n != 2 {
			t.Errorf("%d contents for two files and their copies", n)
		}
		if err := k.Remove(k.ctx, k.stat("/a"), nil); err != nil {
			t.Fatal(err)
		}
		k.sweep()
		if k.get("/c/g") != "world" {
			t.Error("the copy lost its bytes with the original")
		}
		if want := "node.made"; !slices.Contains(k.events, want) {
			t.Errorf("events %q, want %s", k.events, want)
		}
	})
}

func TestQuota(t *testing.T) {
	each(t, func(k *desk) {
		if err := k.SetQuota(k.ctx, "alice", 10); err != nil {
			t.Fatal(err)
		}
		k.put("/a", "12345678")
		for _, size := range []int64{3, -1} {
			_, err := k.Write(k.ctx, "/b", files.Put{Body: strings.NewReader("abc"), Size: size})
			if !errors.Is(err, fault.Full) || !strings.Contains(fault.Text(err), "2 available") {
				t.Errorf("announced %d: %v", size, err)
			}
		}
		k.put("/a", "1234567890") // two more than before
		used, total, err := k.Usage(k.ctx, "alice")
		if used != 10 || total != 10 || err != nil {
			t.Errorf("used %d of %d, %v", used, total, err)
		}
	})
}

func TestJoinedPartsReadAndCompact(t *testing.T) {
	each(t, func(k *desk) {
		var parts []content.Content
		for _, s := range []string{"aaa", "", "bb", "cccc"} {
			c, err := k.content.Write(k.ctx, strings.NewReader(s), int64(len(s)))
			if err != nil {
				t.Fatal(err)
			}
			if err := k.db.Tx(k.ctx, func(tx *db.DB) error { return k.content.Keep(k.ctx, tx, c) }); err != nil {
				t.Fatal(err)
			}
			parts = append(parts, c)
		}
		w, err := k.Write(k.ctx, "/big", files.Put{Parts: parts})
		if err != nil || w.Size != 9 {
			t.Fatalf("%+v, %v", w, err)
		}
		for range 2 {
			if got := k.get("/big"); got != "aaabbcccc" {
				t.Errorf("read %q", got)
			}
			rc, err := k.Open(k.ctx, k.stat("/big"), 2, 4)
			if err != nil {
				t.Fatal(err)
			}
			if b, _ := io.ReadAll(rc); !bytes.Equal(b, []byte("abbc")) {
				t.Errorf("range %q", b)
			}
			if _, err := k.content.Compact(k.ctx, w.Content); err != nil {
				t.Fatal(err)
			}
		}
		k.sweep()
		if n := k.contents(); n != 1 {
			t.Errorf("%d contents left after compaction", n)
		}
	})
}

func TestByIDFindsThePath(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/a")
		f := k.put("/a/f", "x")
		if e, err := k.ByID(k.ctx, f.ID); err != nil || e.Path != "/a/f" {
			t.Errorf("%+v, %v", e, err)
		}
		if _, err := k.ByID(k.ctx, 1<<40); !errors.Is(err, fault.NotFound) {
			t.Errorf("no such id: %v", err)
		}
	})
}

func TestCaseClashByPolicy(t *testing.T) {
	each(t, func(k *desk) {
		k.put("/Plan.txt", "x")
		k.put("/plan.TXT", "x") // allowed unless the instance says otherwise
		k.RefuseCaseClash = true
		if _, err := k.Write(k.ctx, "/PLAN.txt", files.Put{Body: strings.NewReader("")}); !errors.Is(err, fault.Conflict) {
			t.Errorf("clash: %v", err)
		}
		k.put("/other.txt", "x")
		if _, _, err := k.Move(k.ctx, k.stat("/other.txt"), "/Other.txt", files.Refuse, nil); err != nil {
			t.Errorf("a file must be able to change the case of its own name: %v", err)
		}
	})
}

// What a role withholds is missing everywhere, and all else goes on.
func TestWithheldByRoles(t *testing.T) {
	each(t, func(k *desk) {
		k.put("/a", "old")
		v, err := k.As(k.ctx, &who.Principal{ID: "alice", Withheld: who.FileDelete | who.FileUpdate})
		if err != nil {
			t.Fatal(err)
		}
		e, err := v.Stat(k.ctx, "/a")
		if err != nil || e.Perm() != files.Read|files.Create|files.Share {
			t.Fatalf("%v, %v", e, err)
		}
		put := func(path string) error {
			_, err := v.Write(k.ctx, path, files.Put{Body: strings.NewReader("new"), Size: 3})
			return err
		}
		if err := put("/b"); err != nil {
			t.Errorf("a new file: %v", err)
		}
		_, _, moved := v.Move(k.ctx, e, "/c", files.Refuse, nil)
		for what, err := range map[string]error{"overwrite": put("/a"), "delete": v.Remove(k.ctx, e, nil), "rename": moved} {
			if !errors.Is(err, fault.Denied) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func reader(s string) io.Reader { return strings.NewReader(s) }
