// Package lately remembers for a while, in this process only: what was seen not long ago,
// and how often somebody has called. It knows names, and not what they stand for.
package lately

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"atrium/internal/base/fault"
)

// Seen remembers things for as long as they are of use, and not too many. Lasts may be
// set before its first use.
type Seen struct {
	Lasts time.Duration

	mu sync.Mutex
	at map[string]time.Time
}

const most = 10_000

// Has tells whether a thing was added not longer ago than it lasts.
func (l *Seen) Has(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.at[key]
	return ok && now.Sub(t) < l.Lasts
}

// Add remembers a thing.
func (l *Seen) Add(key string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == nil || len(l.at) >= most { // forgetting early costs a look at the tables
		l.at = map[string]time.Time{}
	}
	l.at[key] = now
}

// The calls that one may make, in a second and at once: whoever floods us is told to
// wait, and nobody else.
const (
	perSecond = 100
	Burst     = 400
)

// Limits bounds the calls of each name. It is for names that are known, and few.
type Limits struct {
	mu sync.Mutex
	of map[string]*rate.Limiter
}

// Take counts a call; fault.Busy if it is one too many.
func (l *Limits) Take(name string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[string]*rate.Limiter{}
	}
	one := l.of[name]
	if one == nil {
		one = rate.NewLimiter(perSecond, Burst)
		l.of[name] = one
	}
	if !one.AllowN(now, 1) {
		return fault.New(fault.Busy, "The external app makes too many calls. Please try again later.")
	}
	return nil
}
