package mem_test

import (
	"fmt"
	"testing"
	"time"

	"atrium/internal/infra/cache"
	"atrium/internal/infra/cache/mem"
)

func TestEntryLastsUntilItsTTL(t *testing.T) {
	now := time.Unix(1000, 0)
	var c cache.Cache[int] = mem.NewAt[int](10, func() time.Time { return now })
	ctx := t.Context()
	c.Set(ctx, "short", 1, time.Second)
	c.Set(ctx, "long", 2, time.Minute)
	c.Set(ctx, "none", 3, 0)
	has := func(key string) bool { _, ok := c.Get(ctx, key); return ok }
	if !has("short") || !has("long") || has("none") || has("nosuch") {
		t.Error("wrong entries after Set")
	}
	now = now.Add(2 * time.Second)
	if has("short") || !has("long") {
		t.Error("wrong entries after two seconds")
	}
	c.Set(ctx, "long", 4, time.Second)
	if got, ok := c.Get(ctx, "long"); !ok || got != 4 {
		t.Errorf("got %d, %v after overwriting", got, ok)
	}
	if err := c.Delete(ctx, "long", "nosuch"); err != nil || has("long") {
		t.Errorf("long is still there; %v", err)
	}
}

func TestSizeIsBounded(t *testing.T) {
	c := mem.New[int](100)
	for i := range 10_000 {
		c.Set(t.Context(), fmt.Sprint(i), i, time.Hour)
	}
	left := 0
	for i := range 10_000 {
		if _, ok := c.Get(t.Context(), fmt.Sprint(i)); ok {
			left++
		}
	}
	// Eviction runs a little behind.
	if left == 0 || left > 300 {
		t.Errorf("%d entries are left of at most 100", left)
	}
	c.Clear()
	if _, ok := c.Get(t.Context(), "9999"); ok {
		t.Error("an entry is left after Clear")
	}
}
