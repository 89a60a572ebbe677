package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/logs"
)

// claim is a job that this process works on.
type claim struct {
	id     int64
	def    *def
	lane   string
	body   string
	was    int64 // until, as it was found
	tries  int
	until  time.Time // guarded by Queue.mu
	cancel context.CancelCauseFunc
}

// batch is how many jobs of a kind are looked at together.
const batch = 16

// Run does jobs until ctx ends, and returns when all of its own have ended.
// Those that end with their context are left for the next to come.
func (q *Queue) Run(ctx context.Context) {
	stop := q.heartbeat(ctx)
	defer stop()
	poll := time.NewTicker(q.Poll)
	defer poll.Stop()
	var workers sync.WaitGroup
	defer workers.Wait()
	ensured := false
	for ctx.Err() == nil {
		var err error
		if !ensured {
			err = q.ensure(ctx)
			ensured = err == nil
		}
		if err == nil {
			err = q.fill(ctx, func(c *claim) {
				workers.Go(func() { _ = q.work(ctx, c); q.nudge() })
			})
		}
		if err != nil && ctx.Err() == nil {
			q.Log.WarnContext(ctx, "jobs wait", logs.Err, err)
		}
		select {
		case <-ctx.Done():
		case <-poll.C:
		case <-q.wake:
		}
	}
}

// Drain does all jobs that are due, one after the other, and returns when none
// is, with the errors of those that failed. It is for tests and for commands
// that must not leave before their jobs are done.
func (q *Queue) Drain(ctx context.Context) error {
	defer q.heartbeat(ctx)()
	if err := q.ensure(ctx); err != nil {
		return err
	}
	var failed []error
	for did := true; did; {
		did = false
		err := q.fill(ctx, func(c *claim) {
			did = true
			if err := q.work(ctx, c); err != nil {
				failed = append(failed, err)
			}
		})
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
	}
	return errors.Join(failed...)
}

// fill claims due jobs for the free workers, no more than half of all workers
// for one kind, and hands them to start.
func (q *Queue) fill(ctx context.Context, start func(*claim)) error {
	kinds := q.open()
	if len(kinds) == 0 {
		return nil
	}
	now := q.Now().UnixMilli()
	some, err := db.List(ctx, q.db, db.Scan1[int64], "SELECT id FROM job WHERE kind IN (?) AND due <= ? AND until < ? LIMIT 1", kinds, now, now)
	if err != nil || len(some) == 0 {
		return err
	}
	for _, kind := range kinds {
		room := q.room(kind)
		if room == 0 {
			continue
		}
		found, err := q.due(ctx, kind, now)
		if err != nil {
			return err
		}
		for _, c := range found {
			if room == 0 {
				break
			}
			ok, err := q.take(ctx, c)
			if err != nil {
				return err
			}
			if ok {
				room--
				start(c)
			}
		}
	}
	return nil
}

// open lists the kinds for which there is room; each call begins with another.
func (q *Queue) open() []string {
	var kinds []string
	q.mu.Lock()
	order := slices.DeleteFunc(slices.Clone(q.order), func(kind string) bool { return q.defs[kind].part.Rests() })
	if len(order) > 0 {
		q.turn = (q.turn + 1) % len(order)
		order = append(order[q.turn:], order[:q.turn]...)
	}
	q.mu.Unlock()
	for _, kind := range order {
		if q.room(kind) > 0 {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// room is how many more jobs of a kind may run.
func (q *Queue) room(kind string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	same := 0
	for _, c := range q.running {
		if c.def.name == kind {
			same++
		}
	}
	return max(0, min(q.Workers-len(q.running), max(1, q.Workers/2)-same))
}

func (q *Queue) due(ctx context.Context, kind string, now int64) ([]*claim, error) {
	q.mu.Lock()
	d := q.defs[kind]
	q.mu.Unlock()
	return db.List(ctx, q.db, func(r db.Row) (*claim, error) {
		c := &claim{def: d}
		return c, r.Scan(&c.id, &c.lane, &c.body, &c.was, &c.tries)
	}, "SELECT id, lane, body, until, tries FROM job WHERE kind = ? AND due <= ? AND until < ? ORDER BY due, id LIMIT ?", kind, now, now, batch)
}

// take makes a job ours, unless another node was faster or one of its lane runs.
func (q *Queue) take(ctx context.Context, c *claim) (bool, error) {
	q.mu.Lock()
	_, ours := q.running[c.id]
	q.mu.Unlock()
	if ours { // its lease ran out while we were held up, but we still work on it
		return false, nil
	}
	c.until = q.Now().Add(q.Lease)
	n, err := q.exec(ctx, "UPDATE job SET owner = ?, until = ?, waiting = NULL, running = ? WHERE id = ? AND until = ?",
		q.owner, c.until.UnixMilli(), lane(c.def.name, c.lane), c.id, c.was)
	if errors.Is(err, fault.Exists) {
		// So that it does not stand in the way of others meanwhile.
		_, err = q.exec(ctx, "UPDATE job SET due = ? WHERE id = ? AND until = ?", q.Now().Add(q.Poll).UnixMilli(), c.id, c.was)
		return false, err
	}
	if err != nil || n == 0 {
		return false, err
	}
	q.mu.Lock()
	q.running[c.id] = c
	q.mu.Unlock()
	return true, nil
}

// exec runs one statement in a transaction, which is run again after a deadlock.
func (q *Queue) exec(ctx context.Context, s string, args ...any) (n int64, err error) {
	err = q.db.Tx(ctx, func(tx *db.DB) (err error) {
		n, err = tx.Exec(ctx, s, args...)
		return err
	})
	return n, err
}

// heartbeat renews the leases until ctx ends or stop is called.
func (q *Queue) heartbeat(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(q.Lease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				q.beat(ctx)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// beat renews all leases once, and ends the jobs whose lease was lost.
func (q *Queue) beat(ctx context.Context) {
	ids := q.ids()
	if len(ids) == 0 {
		return
	}
	until := q.Now().Add(q.Lease)
	kept, err := q.renew(ctx, ids, until)
	if err != nil {
		q.Log.WarnContext(ctx, "leases of jobs are not renewed", logs.Err, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range ids {
		c := q.running[id]
		switch {
		case c == nil: // ended meanwhile
		case slices.Contains(kept, id):
			c.until = until
		// Without an answer, one tick early: the next could come after the end.
		case c.cancel != nil && (err == nil || q.Now().Add(q.Lease/3).After(c.until)):
			c.cancel(lost(c))
		}
	}
}

func (q *Queue) ids() []int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	var ids []int64
	for id := range q.running {
		ids = append(ids, id)
	}
	return ids
}

func (q *Queue) renew(ctx context.Context, ids []int64, until time.Time) ([]int64, error) {
	_, err := q.exec(ctx, "UPDATE job SET until = ? WHERE owner = ? AND id IN (?)", until.UnixMilli(), q.owner, ids)
	if err != nil {
		return nil, err
	}
	return db.List(ctx, q.db, db.Scan1[int64], "SELECT id FROM job WHERE owner = ? AND id IN (?)", q.owner, ids)
}

func lost(c *claim) error {
	return fault.Wrap(fault.Unavailable, fmt.Errorf("job %s %d: the lease was lost", c.def.name, c.id), "The work was interrupted.")
}
