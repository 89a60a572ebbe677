package web

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"atrium/internal/base/fault"
)

// Network is the block of addresses that belongs to one subscriber: a /24 of
// IPv4, a /64 of IPv6.
func Network(a netip.Addr) netip.Prefix {
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// limits keeps one token bucket per caller, in shards so that callers do not
// wait for each other. Buckets that are full again are forgotten.
type limits struct {
	seed   maphash.Seed
	shards [16]limitShard
}

type limitShard struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	swept   time.Time
}

type bucket struct {
	lim  rate.Limiter
	used time.Time
}

// bucketIdle is after how long without a call a bucket is forgotten; it must be
// longer than any bucket takes to fill.
const bucketIdle = 10 * time.Minute

func newLimits() *limits { return &limits{seed: maphash.MakeSeed()} }

// tooMany is fault.Busy that knows when to come back.
type tooMany struct{ after time.Duration }

func (t tooMany) Error() string { return "rate limit" }
func (t tooMany) Unwrap() error {
	return fault.New(fault.Busy, "Too many requests. Please try again later.")
}
func (t tooMany) RetryAfter() time.Duration { return t.after }

// take counts one call of key, which may call perSecond times a second on
// average and burst times at once.
func (l *limits) take(key string, perSecond float64, burst int, now time.Time) error {
	s := &l.shards[maphash.String(l.seed, key)%uint64(len(l.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets == nil {
		s.buckets = map[string]*bucket{}
	}
	if now.Sub(s.swept) > time.Minute {
		s.swept = now
		for k, b := range s.buckets {
			if now.Sub(b.used) > bucketIdle {
				delete(s.buckets, k)
			}
		}
	}
	b := s.buckets[key]
	if b == nil {
		b = &bucket{lim: *rate.NewLimiter(rate.Limit(perSecond), burst)}
		s.buckets[key] = b
	}
	b.used = now
	res := b.lim.ReserveN(now, 1)
	if after := res.DelayFrom(now); after > 0 {
		res.CancelAt(now)
		return tooMany{after}
	}
	return nil
}
