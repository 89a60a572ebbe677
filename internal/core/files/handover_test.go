package files_test

import (
	"errors"
	"sync"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

func TestHandOver(t *testing.T) {
	each(t, func(k *desk) {
		alice, bob := &who.Principal{ID: "alice"}, &who.Principal{ID: "bob"}
		if _, err := k.Mkdir(k.ctx, "/docs"); err != nil {
			t.Fatal(err)
		}
		id := k.put("/docs/a", "hello").Entry.ID
		k.put("/b", "x")
		if err := k.SetQuota(k.ctx, "bob", 1); err != nil {
			t.Fatal(err)
		}
		taker, err := k.As(k.ctx, bob)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := k.HandOver(k.ctx, alice, bob, "/b", "/of alice"); n != 1 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		k.put("/c", "y")
		if n, err := k.HandOver(k.ctx, alice, bob, "/", "/of alice"); n != 2 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		e, err := taker.Stat(k.ctx, "/of alice/docs/a")
		if err != nil || e.ID != id {
			t.Errorf("%+v, %v", e, err)
		}
		for _, p := range []string{"/of alice/b", "/of alice/c"} {
			if _, err := taker.Stat(k.ctx, p); err != nil {
				t.Errorf("%s: %v", p, err)
			}
		}
		home, err := k.Stat(k.ctx, "/")
		if err != nil || home.Size != 0 {
			t.Errorf("alice still has %+v, %v", home, err)
		}
		if all, err := taker.Stat(k.ctx, "/of alice"); err != nil || all.Size != 7 {
			t.Errorf("%+v, %v", all, err)
		}
		k.put("/c", "again")
		if _, err := k.HandOver(k.ctx, alice, bob, "/", "/of alice"); !errors.Is(err, fault.Exists) {
			t.Errorf("a name that is taken: %v", err)
		}
		if got, err := k.Stat(k.ctx, "/c"); err != nil || got.Size != 5 {
			t.Errorf("it is not where it was: %+v, %v", got, err)
		}
		if _, err := k.HandOver(k.ctx, alice, bob, "/gone", "/of alice"); !errors.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
	})
}

// What is given fits the quota, however many give at the same time.
func TestGiveAsksTheQuota(t *testing.T) {
	each(t, func(k *desk) {
		alice, bob := &who.Principal{ID: "alice"}, &who.Principal{ID: "bob"}
		if err := k.SetQuota(k.ctx, "bob", 12); err != nil {
			t.Fatal(err)
		}
		names := []string{"/a", "/b", "/c", "/d", "/e"}
		for _, n := range names {
			k.put(n, "hello")
		}
		errs := make([]error, len(names))
		var all sync.WaitGroup
		for i, n := range names {
			all.Go(func() { _, errs[i] = k.Give(k.ctx, alice, bob, n, "/of alice") })
		}
		all.Wait()
		given := 0
		for _, err := range errs {
			if err == nil {
				given++
			} else if !errors.Is(err, fault.Full) {
				t.Errorf("%v", err)
			}
		}
		used, _, err := k.Usage(k.ctx, "bob")
		if given != 2 || used != 10 || err != nil {
			t.Errorf("%d files of 5 bytes are given, %d bytes of 12 used, %v", given, used, err)
		}
	})
}
