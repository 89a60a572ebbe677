// Package mem is a cache in the process's own memory. When it is full it
// forgets what is least likely to be asked for again.
package mem

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
)

// Cache is a cache.Cache; it starts no goroutine.
type Cache[V any] struct {
	o *otter.Cache[string, entry[V]]
}

type entry[V any] struct {
	v   V
	ttl time.Duration
}

// New makes a cache of at most max entries.
func New[V any](max int) *Cache[V] { return NewAt[V](max, time.Now) }

// NewAt is New with a clock.
func NewAt[V any](max int, now func() time.Time) *Cache[V] {
	return &Cache[V]{otter.Must(&otter.Options[string, entry[V]]{
		MaximumSize: max,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, entry[V]]) time.Duration {
			return e.Value.ttl
		}),
		Clock: clock(now),
		// Upkeep is done by who calls, so that no goroutine outlives its cause.
		// Otter allows that where no callback calls the cache, as here.
		Executor: func(f func()) { f() },
	})}
}

// Get implements cache.Cache.
func (c *Cache[V]) Get(_ context.Context, key string) (V, bool) {
	e, ok := c.o.GetIfPresent(key)
	return e.v, ok
}

// Set implements cache.Cache. With no ttl left, nothing stays.
func (c *Cache[V]) Set(_ context.Context, key string, v V, ttl time.Duration) {
	if ttl <= 0 {
		c.o.Invalidate(key)
		return
	}
	c.o.Set(key, entry[V]{v, ttl})
}

// Delete implements cache.Cache; it never fails.
func (c *Cache[V]) Delete(_ context.Context, keys ...string) error {
	for _, k := range keys {
		c.o.Invalidate(k)
	}
	return nil
}

// Clear forgets everything.
func (c *Cache[V]) Clear() { c.o.InvalidateAll() }

type clock func() time.Time

// NowNano implements otter.Clock.
func (c clock) NowNano() int64 { return c().UnixNano() }

// Tick implements otter.Clock. Without ticks nothing runs in the background:
// what has expired is taken away by later writes, and the cache is bounded.
func (c clock) Tick(time.Duration) <-chan time.Time { return nil }
