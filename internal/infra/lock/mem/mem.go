// Package mem gives out leases within one process.
package mem

import (
	"context"
	"errors"
	"sync"
	"time"

	"atrium/internal/infra/lock"
)

// Locker is a lock.Locker for installations of one node. Those who wait get
// their turns in the order in which they came.
type Locker struct {
	mu    sync.Mutex
	queue map[string][]chan struct{} // key → who waits; a key that is there is held
}

// New makes a Locker.
func New() *Locker { return &Locker{queue: map[string][]chan struct{}{}} }

// Lock implements lock.Locker.
func (l *Locker) Lock(ctx context.Context, key string, ttl time.Duration) (context.Context, func(), error) {
	if err := lock.Check(key, ttl); err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, context.Cause(ctx)
	}
	l.mu.Lock()
	waiting, taken := l.queue[key]
	if !taken {
		l.queue[key] = nil
		l.mu.Unlock()
		held, release := l.hold(ctx, key, ttl)
		return held, release, nil
	}
	turn := make(chan struct{})
	l.queue[key] = append(waiting, turn)
	l.mu.Unlock()
	select {
	case <-turn:
	case <-ctx.Done():
		l.leave(key, turn)
		return nil, nil, context.Cause(ctx)
	}
	held, release := l.hold(ctx, key, ttl)
	return held, release, nil
}

// TryLock implements lock.Locker.
func (l *Locker) TryLock(ctx context.Context, key string, ttl time.Duration) (context.Context, func(), bool, error) {
	if err := lock.Check(key, ttl); err != nil {
		return nil, nil, false, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, false, context.Cause(ctx)
	}
	l.mu.Lock()
	_, taken := l.queue[key]
	if !taken {
		l.queue[key] = nil
	}
	l.mu.Unlock()
	if taken {
		return nil, nil, false, nil
	}
	held, release := l.hold(ctx, key, ttl)
	return held, release, true, nil
}

// leave takes somebody out of the queue, and passes on a turn that came too late.
func (l *Locker) leave(key string, turn chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, t := range l.queue[key] {
		if t == turn {
			l.queue[key] = append(l.queue[key][:i], l.queue[key][i+1:]...)
			return
		}
	}
	l.next(key)
}

// next gives the lease to who waits longest; l.mu is held.
func (l *Locker) next(key string) {
	waiting := l.queue[key]
	if len(waiting) == 0 {
		delete(l.queue, key)
		return
	}
	close(waiting[0])
	l.queue[key] = waiting[1:]
}

var errReleased = errors.New("the lease was released")

// hold makes the lease's context. One whose ctx has ended is freed after ttl,
// as it would be if it were a row.
func (l *Locker) hold(ctx context.Context, key string, ttl time.Duration) (context.Context, func()) {
	held, cancel := context.WithCancelCause(ctx)
	var once sync.Once
	free := func(cause error) func() {
		return func() {
			once.Do(func() {
				cancel(cause)
				l.mu.Lock()
				defer l.mu.Unlock()
				l.next(key)
			})
		}
	}
	release := free(errReleased)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(ttl, free(lock.Lost(key))) })
	return held, func() {
		stop()
		release()
	}
}
