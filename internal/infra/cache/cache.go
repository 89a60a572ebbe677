// Package cache keeps answers for a while that can be worked out again. What
// it forgets early costs time, never truth.
package cache

import (
	"context"
	"time"
)

// Cache maps keys to values. A key belongs to whoever made the cache: two
// users of one kind of cache take two caches, or prefix their keys. Values are
// shared, so nobody changes one that was put in.
type Cache[V any] interface {
	// Get tells what was set, unless it is gone; a cache that does not answer
	// has nothing.
	Get(ctx context.Context, key string) (V, bool)
	// Set keeps v for ttl at most.
	Set(ctx context.Context, key string, v V, ttl time.Duration)
	// Delete makes sure that nobody gets the old values any more.
	Delete(ctx context.Context, keys ...string) error
}
