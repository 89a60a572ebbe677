// Package locktest holds what every lock.Locker must do, as tests that run
// over any of them.
package locktest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/lock"
)

const ttl = time.Minute

// Run tests the lockers that open makes; each call gives one without leases.
func Run(t *testing.T, open func(t *testing.T) lock.Locker) {
	for _, c := range []struct {
		name string
		test func(*testing.T, lock.Locker)
	}{
		{"one holder", oneHolder},
		{"waiting", waiting},
		{"giving up", givingUp},
		{"keys stand alone", keysStandAlone},
		{"exclusion", func(t *testing.T, l lock.Locker) { Exclusion(t, l, l) }},
		{"bad arguments", badArguments},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func oneHolder(t *testing.T, l lock.Locker) {
	held, release, err := l.Lock(t.Context(), "k", ttl)
	if err != nil {
		t.Fatal(err)
	}
	if held.Err() != nil {
		t.Errorf("held has ended: %v", context.Cause(held))
	}
	for range 3 {
		if _, _, ok, err := l.TryLock(t.Context(), "k", ttl); ok || err != nil {
			t.Errorf("TryLock = %v, %v while it is held", ok, err)
		}
	}
	release()
	release()
	if held.Err() == nil {
		t.Error("held has not ended with its release")
	}
	_, again, ok, err := l.TryLock(t.Context(), "k", ttl)
	if !ok || err != nil {
		t.Fatalf("TryLock = %v, %v after the release", ok, err)
	}
	release() // of the first lease; it must not end the second
	if _, _, ok, _ := l.TryLock(t.Context(), "k", ttl); ok {
		t.Error("a second release of the first lease ended the second lease")
	}
	again()
}

func waiting(t *testing.T, l lock.Locker) {
	_, release, err := l.Lock(t.Context(), "k", ttl)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	released := false
	done := make(chan error)
	go func() {
		_, rel, err := l.Lock(t.Context(), "k", ttl)
		mu.Lock()
		defer mu.Unlock()
		if err == nil && !released {
			err = errors.New("got the lease while it was held")
		}
		if rel != nil {
			rel()
		}
		done <- err
	}()
	mu.Lock()
	released = true
	mu.Unlock()
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func givingUp(t *testing.T, l lock.Locker) {
	_, release, err := l.Lock(t.Context(), "k", ttl)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, _, err := l.Lock(ctx, "k", ttl)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Lock = %v, want context.Canceled", err)
	}
	if _, _, ok, err := l.TryLock(ctx, "other", ttl); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("TryLock = %v, %v, want context.Canceled", ok, err)
	}
}

func keysStandAlone(t *testing.T, l lock.Locker) {
	for _, key := range []string{"a", "A", "a ", "ä", strings.Repeat("x", 255)} {
		_, release, ok, err := l.TryLock(t.Context(), key, ttl)
		if !ok || err != nil {
			t.Fatalf("TryLock %q = %v, %v", key, ok, err)
		}
		defer release()
	}
}

// Exclusion lets eight workers of each of two lockers count under one lease.
func Exclusion(t *testing.T, a, b lock.Locker) {
	t.Helper()
	count, inside := 0, 0
	var mu sync.Mutex // guards inside; count is guarded by the lease
	var wg sync.WaitGroup
	for i := range 16 {
		l := a
		if i%2 == 1 {
			l = b
		}
		wg.Go(func() {
			for range 5 {
				_, release, err := l.Lock(t.Context(), "k", ttl)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if inside++; inside != 1 {
					t.Errorf("%d holders at once", inside)
				}
				mu.Unlock()
				count++
				mu.Lock()
				inside--
				mu.Unlock()
				release()
			}
		})
	}
	wg.Wait()
	if count != 80 {
		t.Errorf("counted to %d, want 80", count)
	}
}

func badArguments(t *testing.T, l lock.Locker) {
	for _, x := range []struct {
		key string
		ttl time.Duration
	}{{"", ttl}, {strings.Repeat("x", 256), ttl}, {"k", 0}, {"k", -ttl}} {
		if _, _, err := l.Lock(t.Context(), x.key, x.ttl); !errors.Is(err, fault.Invalid) {
			t.Errorf("Lock = %v, want Invalid", err)
		}
		if _, _, _, err := l.TryLock(t.Context(), x.key, x.ttl); !errors.Is(err, fault.Invalid) {
			t.Errorf("TryLock = %v, want Invalid", err)
		}
	}
}
