package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"atrium/internal/base/fault"
)

// maxTries bounds how often a transaction is run again after a deadlock.
const maxTries = 40

// Tx runs f in a transaction: all of it becomes durable, or nothing. f may be
// run again after a deadlock, so it must set what it returns anew each time.
// Inside a transaction Tx just runs f in it.
func (db *DB) Tx(ctx context.Context, f func(tx *DB) error) error {
	if db.tx != nil {
		return f(db)
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if db.group != nil {
		return db.group.do(db.pool, f)
	}
	for try := 1; ; try++ {
		st := &txState{}
		err := db.tryTx(ctx, st, f)
		if err == nil {
			for _, g := range st.after {
				g()
			}
			return nil
		}
		if codeOf(err) != retry || try == maxTries {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Duration(rand.IntN(2+min(try, 10)*3)) * time.Millisecond):
		}
	}
}

func (db *DB) tryTx(ctx context.Context, st *txState, f func(tx *DB) error) (err error) {
	t, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return explain(err, "BEGIN")
	}
	committed := false
	defer func() { // also when f panics
		if !committed {
			err = errors.Join(err, ignoreDone(t.Rollback()))
		}
	}()
	if err := f(&DB{pool: db.pool, conn: plainTx{t}, tx: st}); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return explain(err, "COMMIT")
	}
	committed = true
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) || codeOf(err) == lost {
		return nil
	}
	return err
}

// plainTx is a transaction of PostgreSQL or MySQL.
type plainTx struct{ t *sql.Tx }

func (p plainTx) exec(ctx context.Context, q string, args []any) (sql.Result, error) {
	return p.t.ExecContext(ctx, q, args...)
}

func (p plainTx) query(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	return p.t.QueryContext(ctx, q, args...)
}

// group is SQLite's one writer. It runs what has queued up in one transaction, so
// that one fsync makes all of it durable; a function that fails takes back only
// what it did itself.
type group struct {
	queue chan *groupReq
	done  chan struct{}
	once  sync.Once
	mu    sync.RWMutex // held for writing while the queue closes
	shut  bool
}

type groupReq struct {
	pool  *pool
	f     func(*DB) error
	st    *txState
	err   error
	panic any
	done  chan struct{}
}

// groupMax bounds how many transactions share a commit.
const groupMax = 256

func newGroup(c *stmts) *group {
	g := &group{queue: make(chan *groupReq, groupMax), done: make(chan struct{})}
	go g.run(c)
	return g
}

func (g *group) do(p *pool, f func(*DB) error) error {
	r := &groupReq{pool: p, f: f, st: &txState{}, done: make(chan struct{})}
	g.mu.RLock()
	if g.shut {
		g.mu.RUnlock()
		return fault.New(fault.Unavailable, "The server is shutting down.")
	}
	g.queue <- r
	g.mu.RUnlock()
	<-r.done
	if r.panic != nil {
		panic(r.panic)
	}
	if r.err != nil {
		return r.err
	}
	for _, f := range r.st.after {
		f()
	}
	return nil
}

// stop lets the queue run empty and ends the writer.
func (g *group) stop() {
	g.once.Do(func() {
		g.mu.Lock()
		g.shut = true
		g.mu.Unlock()
		close(g.queue)
	})
	<-g.done
}

func (g *group) run(c *stmts) {
	defer close(g.done)
	for r := range g.queue {
		batch := []*groupReq{r}
	more:
		for len(batch) < groupMax {
			select {
			case next, ok := <-g.queue:
				if !ok {
					break more
				}
				batch = append(batch, next)
			default:
				break more
			}
		}
		g.commit(c, batch)
		for _, r := range batch {
			close(r.done)
		}
	}
}

// commit makes a batch durable. Hardly ever does a function fail after it wrote
// something, so savepoints, which cost as much as a statement each, are only used
// when a batch has to be run again because of one.
func (g *group) commit(c *stmts, batch []*groupReq) {
	err := g.attempt(c, batch, g.bare)
	if errors.Is(err, errAgain) {
		err = g.attempt(c, batch, g.saved)
	}
	if err == nil {
		return
	}
	for _, r := range batch {
		if r.err == nil && r.panic == nil {
			r.err = explain(err, "COMMIT")
		}
	}
}

// errAgain ends a batch in which a function failed half-way.
var errAgain = errors.New("run the batch again, with savepoints")

// attempt runs a batch in one transaction. The error ends all of it.
func (g *group) attempt(c *stmts, batch []*groupReq, one func(*stmts, *groupReq) error) error {
	err := must(c, "BEGIN IMMEDIATE")
	for _, r := range batch {
		if err != nil {
			break
		}
		*r.st, r.err, r.panic = txState{}, nil, nil
		err = one(c, r)
	}
	if err == nil {
		err = must(c, "COMMIT")
	}
	if err != nil {
		_ = must(c, "ROLLBACK") // the transaction may be gone already
	}
	return err
}

// bare runs a function without a savepoint.
func (g *group) bare(c *stmts, r *groupReq) error {
	g.call(c, r)
	if (r.err != nil || r.panic != nil) && r.st.wrote {
		return errAgain
	}
	return nil
}

// saved runs a function in a savepoint.
func (g *group) saved(c *stmts, r *groupReq) error {
	if err := must(c, "SAVEPOINT s"); err != nil {
		return err
	}
	g.call(c, r)
	if r.err != nil || r.panic != nil {
		if err := must(c, "ROLLBACK TO s"); err != nil {
			return fmt.Errorf("%w (after %w)", err, r.err)
		}
	}
	return must(c, "RELEASE s")
}

func (g *group) call(c *stmts, r *groupReq) {
	defer func() { r.panic = recover() }()
	r.err = r.f(&DB{pool: r.pool, conn: c, tx: r.st})
}

func must(c *stmts, q string) error {
	_, err := c.exec(context.Background(), q, nil)
	return err
}
