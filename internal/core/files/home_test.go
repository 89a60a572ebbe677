package files_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// A user who is made again under the name of one who was deleted starts with
// nothing, and what the old one had goes away, also what was being written.
func TestHomeOfADeletedUser(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/papers")
		k.put("/papers/secret", "hers")
		old := k.View
		k.events = nil
		if err := k.db.Tx(k.ctx, func(tx *db.DB) error { return k.DropHome(k.ctx, tx, "alice") }); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(k.events, " "); got != "node.removed" {
			t.Errorf("events: %s", got)
		}
		again, err := k.As(k.ctx, &who.Principal{ID: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		k.View = again
		if got := k.list("/"); len(got) != 0 {
			t.Errorf("the new alice sees %v", got)
		}
		k.put("/mine", "new")
		// A request of the old alice may still be under way.
		if _, err := old.Write(k.ctx, "/papers/late", files.Put{Body: strings.NewReader("late"), Size: 4}); err != nil && !errors.Is(err, fault.NotFound) {
			t.Errorf("late write: %v", err)
		}
		k.sweep()
		if err := k.SettleAll(k.ctx); err != nil {
			t.Errorf("settle: %v", err)
		}
		if got := k.get("/mine"); got != "new" || k.contents() != 1 {
			t.Errorf("got %q, %d contents", got, k.contents())
		}
		if _, err := old.Write(k.ctx, "/later", files.Put{Body: strings.NewReader("late"), Size: 4}); err == nil {
			t.Error("a home that is gone can be written to")
		}
		if err := k.db.Tx(k.ctx, func(tx *db.DB) error { return k.DropHome(k.ctx, tx, "nobody") }); err != nil {
			t.Errorf("who has no home: %v", err)
		}
	})
}

// The server notices what a command in another process did.
func TestHomeDeletedElsewhere(t *testing.T) {
	each(t, func(k *desk) {
		now := time.Now()
		server := files.New(k.db, tree.New(k.db), k.content, func(context.Context, *db.DB, interface{ EventName() string }) error { return nil })
		server.Now = func() time.Time { return now }
		visit := func() *files.View {
			t.Helper()
			v, err := server.As(k.ctx, &who.Principal{ID: "alice"})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		k.put("/secret", "hers")
		visit()
		if err := k.db.Tx(k.ctx, func(tx *db.DB) error { return k.DropHome(k.ctx, tx, "alice") }); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
		k.View = visit()
		if got := k.list("/"); len(got) != 0 {
			t.Errorf("the new alice sees %v", got)
		}
	})
}

// The default is that of today, not of the day when the home was made.
func TestDefaultQuotaApplies(t *testing.T) {
	each(t, func(k *desk) {
		k.put("/a", "12345")
		total := func() int64 {
			t.Helper()
			_, total, err := k.Usage(k.ctx, "alice")
			if err != nil {
				t.Fatal(err)
			}
			return total
		}
		if got := total(); got != tree.NoQuota {
			t.Errorf("got %d, want none", got)
		}
		k.Quota = 7
		if got := total(); got != 7 {
			t.Errorf("got %d, want 7", got)
		}
		if _, err := k.Write(k.ctx, "/b", files.Put{Body: strings.NewReader("abc"), Size: 3}); !errors.Is(err, fault.Full) {
			t.Errorf("over the default: %v", err)
		}
		for _, c := range []struct{ quota, want int64 }{{100, 100}, {0, 0}, {tree.NoQuota, tree.NoQuota}, {files.DefaultQuota, 7}} {
			if err := k.SetQuota(k.ctx, "alice", c.quota); err != nil {
				t.Fatal(err)
			}
			if got := total(); got != c.want {
				t.Errorf("quota %d: got %d, want %d", c.quota, got, c.want)
			}
		}
	})
}
