package files_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/disk"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

func item(path, body string) files.Item {
	return files.Item{Path: path, Put: files.Put{Body: strings.NewReader(body), Size: int64(len(body))}}
}

func TestManyFilesInOneWrite(t *testing.T) {
	each(t, func(d *desk) {
		d.mkdir("/a")
		d.mkdir("/b")
		old := d.put("/a/old", "old")
		before := d.stat("/").ETag
		d.events = nil
		refusing := item("/b/refused", "x")
		refusing.Put.Check = func(*files.Entry) error { return fault.New(fault.Stale, "no") }
		got := d.WriteMany(d.ctx, []files.Item{
			item("/a/new", "new"), item("/b/1", "one"), item("/none/x", "lost"), item("/a/old", "newer"),
			item("/b", "a folder"), item("/a/../x", "no"), refusing, item("/2", "two"),
		})
		want := []error{nil, nil, files.ErrNoParent, nil, files.ErrIsFolder, fault.Invalid, fault.Stale, nil}
		for i, o := range got {
			if !errors.Is(o.Err, want[i]) {
				t.Errorf("item %d: %v, want %v", i, o.Err, want[i])
			}
		}
		for path, want := range map[string]string{"/a/new": "new", "/b/1": "one", "/a/old": "newer", "/2": "two"} {
			if got := d.get(path); got != want {
				t.Errorf("%s holds %q, want %q", path, got, want)
			}
		}
		if got[3].Created || got[3].ID != old.ID || !got[0].Created {
			t.Errorf("created %v, id %d, want %d", got[3].Created, got[3].ID, old.ID)
		}
		if root := d.stat("/"); root.ETag == before || root.Size != int64(len("new"+"one"+"newer"+"two")) {
			t.Errorf("root has %d bytes, etag changed: %v", root.Size, root.ETag != before)
		}
		if len(d.events) != 4 {
			t.Errorf("events %v", d.events)
		}
	})
}

// What does not fit is refused file by file, not all together.
func TestManyFilesAndLittleRoom(t *testing.T) {
	each(t, func(d *desk) {
		if err := d.SetQuota(d.ctx, "alice", 10); err != nil {
			t.Fatal(err)
		}
		got := d.WriteMany(d.ctx, []files.Item{item("/a", "12345678"), item("/b", "123456789012"), item("/c", "12")})
		for i, want := range []error{nil, fault.Full, nil} {
			if !errors.Is(got[i].Err, want) {
				t.Errorf("item %d: %v, want %v", i, got[i].Err, want)
			}
		}
		if size := d.stat("/").Size; size != 10 {
			t.Errorf("%d bytes", size)
		}
	})
}

func TestManyFilesThatClashByCase(t *testing.T) {
	each(t, func(d *desk) {
		d.put("/Old", "x")
		d.RefuseCaseClash = true
		got := d.WriteMany(d.ctx, []files.Item{item("/new", "1"), item("/NEW", "2"), item("/OLD", "3"), item("/Old", "4")})
		for i, want := range []error{nil, fault.Conflict, fault.Conflict, nil} {
			if !errors.Is(got[i].Err, want) {
				t.Errorf("item %d: %v, want %v", i, got[i].Err, want)
			}
		}
	})
}

// A hundred files of 4 KiB on a disk, all durable: what one bulk upload brings.
func BenchmarkWriteMany(b *testing.B) {
	d := dbtest.SQLite(b, tree.Schema, content.Schema)
	store, _, err := disk.Create(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	svc := files.New(d, tree.New(d), content.New(d, store), func(context.Context, *db.DB, interface{ EventName() string }) error { return nil })
	v, err := svc.As(b.Context(), &who.Principal{ID: "alice"})
	if err != nil {
		b.Fatal(err)
	}
	body := bytes.Repeat([]byte("x"), 4096)
	for n := 0; b.Loop(); n++ {
		items := make([]files.Item, 100)
		for i := range items {
			items[i] = files.Item{Path: fmt.Sprintf("/%d-%d", n, i), Put: files.Put{Body: bytes.NewReader(body), Size: 4096}}
		}
		for _, o := range v.WriteMany(b.Context(), items) {
			if o.Err != nil {
				b.Fatal(o.Err)
			}
		}
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "files/s")
}
