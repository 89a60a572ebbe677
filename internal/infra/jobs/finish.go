package jobs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/logs"
)

// again is the error by which a job asks for another turn.
type again struct{ after time.Duration }

func (a again) Error() string { return "again after " + a.after.String() }

// Again lets a job end for now and be run again after a while. It is no
// failure: long work does it between its parts, so that others get a turn.
func Again(after time.Duration) error { return again{after} }

// work runs a claimed job and writes down how it ended. The error is the job's.
func (q *Queue) work(ctx context.Context, c *claim) error {
	held, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	q.mu.Lock()
	c.cancel = cancel
	q.mu.Unlock()
	err := call(held, c)
	end := context.WithoutCancel(ctx)
	var werr error
	if a, ok := errors.AsType[again](err); ok {
		err = nil
		werr = q.putBack(end, c, q.Now().Add(a.after), 0)
	} else if err == nil {
		werr = q.done(end, c)
	} else if held.Err() != nil { // it was stopped: that says nothing about the job
		werr = q.putBack(end, c, q.Now(), c.tries)
	} else {
		werr = q.failed(end, c, err)
	}
	q.mu.Lock()
	delete(q.running, c.id)
	q.mu.Unlock()
	if werr != nil {
		// The row stays as it is, and is claimed again when its lease has run out.
		q.Log.WarnContext(ctx, "end of a job is not written", logs.Part, c.def.name, logs.Err, werr)
	}
	if err != nil {
		return fmt.Errorf("job %s: %w", c.def.name, err)
	}
	return nil
}

// call runs the function; a panic in it is an error like others.
func call(ctx context.Context, c *claim) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.def.f(ctx, []byte(c.body))
}

func (q *Queue) done(ctx context.Context, c *claim) error {
	if c.def.when != nil {
		return q.putBack(ctx, c, c.def.when.next(q.Now()), 0)
	}
	_, err := q.exec(ctx, "DELETE FROM job WHERE id = ? AND owner = ?", c.id, q.owner)
	return err
}

// putBack lets the job wait until due. One whose lane has got another that
// waits is not needed any more.
func (q *Queue) putBack(ctx context.Context, c *claim, due time.Time, tries int) error {
	_, err := q.exec(ctx, "UPDATE job SET due = ?, until = 0, owner = '', tries = ?, waiting = ?, running = NULL WHERE id = ? AND owner = ?",
		due.UnixMilli(), tries, lane(c.def.name, c.lane), c.id, q.owner)
	if errors.Is(err, fault.Exists) {
		_, err = q.exec(ctx, "DELETE FROM job WHERE id = ? AND owner = ?", c.id, q.owner)
	}
	return err
}

// failed plans the next try, or buries the job.
func (q *Queue) failed(ctx context.Context, c *claim, cause error) error {
	tries := c.tries + 1
	if errors.Is(cause, fault.Unavailable) || errors.Is(cause, fault.Full) {
		tries = min(tries, q.Tries-1) // the job is not to blame: never the last
	}
	due := q.Now().Add(q.Backoff(max(tries, 1)))
	q.Log.WarnContext(ctx, "job failed", logs.Part, c.def.name, "try", tries, logs.Err, cause)
	if c.def.when != nil {
		if next := c.def.when.next(q.Now()); tries >= q.Tries || next.Before(due) {
			due, tries = next, 0
		}
		return q.putBack(ctx, c, due, tries)
	}
	if tries < q.Tries {
		return q.putBack(ctx, c, due, tries)
	}
	return q.bury(ctx, c, cause)
}

// maxErr bounds how much of an error is kept, in bytes.
const maxErr = 4000

func (q *Queue) bury(ctx context.Context, c *claim, cause error) error {
	text := cause.Error()
	text = text[:min(len(text), maxErr)]
	q.Log.ErrorContext(ctx, "job buried", logs.Part, c.def.name, logs.Err, text)
	return q.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "DELETE FROM job WHERE id = ? AND owner = ?", c.id, q.owner)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO job_dead (id, kind, died, lane, body, error) VALUES (?, ?, ?, ?, ?, ?)",
			c.id, c.def.name, q.Now().UnixMilli(), c.lane, c.body, text)
		return err
	})
}

// Dead is a job that failed too often.
type Dead struct {
	ID   int64
	Kind string
	Died time.Time
	Body string // its parameters as JSON
	Err  string // the last failure
	lane string
}

// Buried yields the jobs that failed too often.
func (q *Queue) Buried(ctx context.Context) iter.Seq2[Dead, error] {
	return dead(ctx, q.db, "SELECT id, kind, died, lane, body, error FROM job_dead ORDER BY id")
}

func dead(ctx context.Context, d *db.DB, s string, args ...any) iter.Seq2[Dead, error] {
	return db.All(ctx, d, func(r db.Row) (x Dead, err error) {
		var died int64
		err = r.Scan(&x.ID, &x.Kind, &died, &x.lane, &x.Body, &x.Err)
		x.Died = time.UnixMilli(died)
		return x, err
	}, s, args...)
}

// Revive lets buried jobs wait for workers again and tells how many. A job
// whose key has got another that waits is dropped.
func (q *Queue) Revive(ctx context.Context, ids ...int64) (int, error) {
	n := 0
	for _, id := range ids {
		err := q.db.Tx(ctx, func(tx *db.DB) error {
			for x, err := range dead(ctx, tx, "SELECT id, kind, died, lane, body, error FROM job_dead WHERE id = ?", id) {
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, "DELETE FROM job_dead WHERE id = ?", id); err != nil {
					return err
				}
				_, err = tx.Exec(ctx, `INSERT INTO job (id, kind, due, until, owner, tries, lane, waiting, running, body)
					VALUES (?, ?, ?, 0, '', 0, ?, ?, NULL, ?) {{on waiting set kind}}`,
					x.ID, x.Kind, q.Now().UnixMilli(), x.lane, lane(x.Kind, x.lane), x.Body)
				return err
			}
			return fmt.Errorf("no job %d is buried: %w", id, fault.NotFound)
		})
		if err != nil {
			return n, err
		}
		n++
	}
	q.nudge()
	return n, nil
}

// Backlog tells how many jobs of each kind wait or run, those that wait for
// their time included.
func (q *Queue) Backlog(ctx context.Context) (map[string]int64, error) {
	type count struct {
		kind string
		n    int64
	}
	out := map[string]int64{}
	for c, err := range db.All(ctx, q.db, func(r db.Row) (c count, err error) { return c, r.Scan(&c.kind, &c.n) },
		"SELECT kind, COUNT(*) FROM job GROUP BY kind") {
		if err != nil {
			return nil, err
		}
		out[c.kind] = c.n
	}
	return out, nil
}
