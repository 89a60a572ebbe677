package files_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
)

// join makes a file of two parts.
func (k *desk) join(path, a, b string) files.Written {
	k.Helper()
	var parts []content.Content
	for _, s := range []string{a, b} {
		c, err := k.content.Write(k.ctx, strings.NewReader(s), int64(len(s)))
		if err != nil {
			k.Fatal(err)
		}
		if err := k.db.Tx(k.ctx, func(tx *db.DB) error { return k.content.Keep(k.ctx, tx, c) }); err != nil {
			k.Fatal(err)
		}
		parts = append(parts, c)
	}
	w, err := k.Write(k.ctx, path, files.Put{Parts: parts})
	if err != nil {
		k.Fatal(err)
	}
	return w
}

// A compaction that was killed before its commit left its blob: whole, or after
// a power cut with bytes that were never written.
func TestCompactAfterACompactionThatWasKilled(t *testing.T) {
	for name, left := range map[string]string{"whole": "aaabb", "damaged": "\x00\x00\x00\x00\x00"} {
		t.Run(name, func(t *testing.T) {
			each(t, func(k *desk) {
				blobs := mem.New()
				k.content = content.New(k.db, blobs)
				svc := files.New(k.db, tree.New(k.db), k.content, k.publish)
				v, err := svc.As(k.ctx, k.Who())
				if err != nil {
					t.Fatal(err)
				}
				k.View = v
				w := k.join("/big", "aaa", "bb")
				if _, err := blobs.Put(k.ctx, content.Key(w.Content), strings.NewReader(left), int64(len(left))); err != nil {
					t.Fatal(err)
				}
				if about, err := k.content.About(k.ctx, w.Content); err != nil || !about.Joined {
					t.Errorf("before: %+v, %v", about, err)
				}
				if did, err := k.content.Compact(k.ctx, w.Content); !did || err != nil {
					t.Fatalf("compact: %v, %v", did, err)
				}
				if got := k.get("/big"); got != "aaabb" {
					t.Errorf("got %q", got)
				}
				if about, err := k.content.About(k.ctx, w.Content); err != nil || about.Joined || about.Size != 5 {
					t.Errorf("after: %+v, %v", about, err)
				}
				if did, err := k.content.Compact(k.ctx, w.Content); did || err != nil {
					t.Errorf("again: %v, %v", did, err)
				}
			})
		})
	}
}

func TestWriteStoredBytes(t *testing.T) {
	each(t, func(k *desk) {
		c, err := k.content.Write(k.ctx, strings.NewReader("bytes"), -1)
		if err != nil {
			t.Fatal(err)
		}
		then := time.Unix(1_500_000_000, 123)
		w, err := k.Write(k.ctx, "/a", files.Put{Stored: &c, MTime: then})
		if err != nil || w.Content != c.ID || !w.MTime.Equal(then) {
			t.Fatalf("got %+v, %v", w.Entry, err)
		}
		if got := k.get("/a"); got != "bytes" {
			t.Errorf("got %q", got)
		}
		if about, err := k.content.About(k.ctx, c.ID); err != nil || time.Since(about.Born) > time.Minute {
			t.Errorf("got %+v, %v", about, err)
		}
		if _, err := k.content.About(k.ctx, c.ID+1000); !errors.Is(err, fault.NotFound) {
			t.Errorf("no such content: %v", err)
		}
	})
}

func TestTouchedIsTold(t *testing.T) {
	each(t, func(k *desk) {
		k.put("/a", "x")
		k.events = nil
		change, err := k.NewChange(k.ctx)
		if err != nil {
			t.Fatal(err)
		}
		then := time.Unix(1, 0)
		if err := k.db.Tx(k.ctx, func(tx *db.DB) error {
			return k.SetTimes(k.ctx, tx, change, k.stat("/a"), files.Times{MTime: &then})
		}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(k.events, " "); got != "node.touched" {
			t.Errorf("events: %s", got)
		}
	})
}

func TestPlaces(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/full")
		k.mkdir("/empty")
		f := k.put("/full/f", "x")
		tr := tree.New(k.db)
		full, empty, root := k.stat("/full").ID, k.stat("/empty").ID, k.stat("/").ID
		some, err := tr.Some(k.ctx, k.db, []int64{f.ID, 1 << 40})
		if err != nil || len(some) != 1 || some[f.ID].Name != "f" {
			t.Errorf("some: %v, %v", some, err)
		}
		filled, err := tr.Filled(k.ctx, k.db, []int64{full, empty})
		if err != nil || len(filled) != 1 || !filled[full] {
			t.Errorf("filled: %v, %v", filled, err)
		}
		homes, err := tr.Homes(k.ctx, k.db, []int64{root, full})
		if err != nil || len(homes) != 1 || homes[root] != "alice" {
			t.Errorf("homes: %v, %v", homes, err)
		}
	})
}
