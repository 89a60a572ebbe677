// Package sqlock gives out leases as rows of the database that all nodes
// share. The nodes' clocks decide when a lease has run out, so they should be
// within a fraction of the ttl of each other.
package sqlock

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/lock"
	"atrium/internal/infra/lock/mem"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema is the table of leases.
var Schema = db.Schema{Room: "sqlock", Files: schema}

// Locker is a lock.Locker. Within the process it is a queue, so that one
// waiter at most asks the database for each key.
type Locker struct {
	Now func() time.Time

	db    *db.DB
	local *mem.Locker
}

// How often one who waits asks.
const (
	pollMin = 5 * time.Millisecond
	pollMax = 250 * time.Millisecond
)

// New makes a Locker over a database with the tables of Schema.
func New(d *db.DB) *Locker { return &Locker{Now: time.Now, db: d, local: mem.New()} }

// Lock implements lock.Locker.
func (l *Locker) Lock(ctx context.Context, key string, ttl time.Duration) (context.Context, func(), error) {
	_, leave, err := l.local.Lock(ctx, key, ttl)
	if err != nil {
		return nil, nil, err
	}
	for wait := pollMin; ; wait = min(2*wait, pollMax) {
		r, ok, err := l.take(ctx, key, ttl)
		if err != nil {
			leave()
			return nil, nil, err
		}
		if ok {
			held, release := r.hold(ctx, leave)
			return held, release, nil
		}
		select {
		case <-ctx.Done():
			leave()
			return nil, nil, context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// TryLock implements lock.Locker.
func (l *Locker) TryLock(ctx context.Context, key string, ttl time.Duration) (context.Context, func(), bool, error) {
	_, leave, ok, err := l.local.TryLock(ctx, key, ttl)
	if !ok || err != nil {
		return nil, nil, false, err
	}
	r, ok, err := l.take(ctx, key, ttl)
	if !ok || err != nil {
		leave()
		return nil, nil, false, err
	}
	held, release := r.hold(ctx, leave)
	return held, release, true, nil
}

// take makes the row, or takes over one that has run out.
func (l *Locker) take(ctx context.Context, key string, ttl time.Duration) (*row, bool, error) {
	now := l.Now()
	r := &row{l: l, key: key, owner: rand.Text(), ttl: ttl, until: now.Add(ttl)}
	n, err := l.exec(ctx, "UPDATE lease SET owner = ?, until = ? WHERE name = ? AND until < ?",
		r.owner, r.until.UnixMilli(), key, now.UnixMilli())
	if err != nil || n == 1 {
		return r, err == nil, err
	}
	_, err = l.exec(ctx, "INSERT INTO lease (name, owner, until) VALUES (?, ?, ?)", key, r.owner, r.until.UnixMilli())
	if errors.Is(err, fault.Exists) {
		return nil, false, nil
	}
	return r, err == nil, err
}

// exec runs one statement in a transaction, which is run again after a deadlock.
func (l *Locker) exec(ctx context.Context, q string, args ...any) (n int64, err error) {
	err = l.db.Tx(ctx, func(tx *db.DB) (err error) {
		n, err = tx.Exec(ctx, q, args...)
		return err
	})
	return n, err
}

// row is a lease that is ours.
type row struct {
	l     *Locker
	key   string
	owner string
	ttl   time.Duration
	until time.Time
}

// releaseTimeout bounds how long a release may wait for the database; the
// lease then runs out by itself.
const releaseTimeout = 5 * time.Second

// hold keeps the lease until it is released or ctx ends.
func (r *row) hold(ctx context.Context, leave func()) (context.Context, func()) {
	held, cancel := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		r.keep(held, cancel)
	}()
	var once sync.Once
	return held, func() {
		once.Do(func() {
			cancel(nil)
			<-kept // else a renewal could come after the row is gone
			end, stop := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
			defer stop()
			// An error is no one's concern: the row runs out by itself.
			_, _ = r.l.exec(end, "DELETE FROM lease WHERE name = ? AND owner = ?", r.key, r.owner)
			leave()
		})
	}
}

// keep renews the lease three times in its ttl until held ends. It is lost
// when the row is another's, or no renewal came through in time.
func (r *row) keep(held context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(r.ttl / 3)
	defer tick.Stop()
	for {
		select {
		case <-held.Done():
			return
		case <-tick.C:
		}
		if held.Err() != nil {
			return
		}
		now := r.l.Now()
		until := now.Add(r.ttl)
		n, err := r.l.exec(held, "UPDATE lease SET until = ? WHERE name = ? AND owner = ?", until.UnixMilli(), r.key, r.owner)
		if err == nil && n == 1 {
			r.until = until
			continue
		}
		// One tick early: the next could come after the end.
		if err == nil || r.l.Now().Add(r.ttl/3).After(r.until) {
			cancel(lock.Lost(r.key))
			return
		}
	}
}

// Sweep deletes leases that ran out more than a day ago, which only killed
// processes leave, and tells how many.
func (l *Locker) Sweep(ctx context.Context) (int64, error) {
	return l.exec(ctx, "DELETE FROM lease WHERE until < ?", l.Now().Add(-24*time.Hour).UnixMilli())
}
