// Package jobs keeps work for later: each job is a row, added in the
// transaction that made it necessary, and done at least once, by one node at a
// time, after that is committed. It also keeps the clock of what is to be done
// again and again. It knows no job by name.
//
// A job is claimed by a lease that its node renews while it works; the job of
// a node that died is another's within Lease. Several jobs run at once and in
// no order. One that fails is tried again, later and later.
package jobs

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/switches"
	"atrium/internal/infra/db"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema is the tables of jobs.
var Schema = db.Schema{Room: "jobs", Files: schema}

// Queue is all kinds of jobs. The fields may be set before Run.
type Queue struct {
	Now     func() time.Time
	Log     *slog.Logger
	Poll    time.Duration               // how often to look for jobs that became due
	Lease   time.Duration               // how soon a dead node's jobs are another's
	Workers int                         // jobs that run at once; one kind takes half of them at most
	Tries   int                         // after so many failures a job is buried
	Backoff func(try int) time.Duration // pause after the try-th failure, the first being 1
	// Switches, if set, tells which part defines a kind. Jobs of parts that rest
	// wait; one that runs ends as it would.
	Switches *switches.Set

	db    *db.DB
	owner string
	tag   int64 // high bits of the ids that this process makes
	seq   atomic.Int64
	wake  chan struct{}

	mu      sync.Mutex
	defs    map[string]*def
	order   []string // names of defs; fill takes turns
	turn    int
	running map[int64]*claim
}

// def is what to do for one kind.
type def struct {
	name string
	f    func(ctx context.Context, body []byte) error
	when *schedule // nil: not recurring
	part switches.Part
}

// New makes a queue over a database with the tables of Schema.
func New(d *db.DB) *Queue {
	return &Queue{
		Now: time.Now, Log: slog.Default(),
		Poll: time.Second, Lease: time.Minute, Workers: 4, Tries: 20, Backoff: backoff,
		db: d, owner: strconv.FormatUint(rand.Uint64(), 36), tag: rand.Int64N(1<<23) << 40,
		wake: make(chan struct{}, 1),
		defs: map[string]*def{}, running: map[int64]*claim{},
	}
}

// backoff doubles from two seconds to an hour; twenty tries take 10 hours.
func backoff(try int) time.Duration {
	return min(2*time.Second<<min(try-1, 20), time.Hour)
}

// Kind is jobs of one kind with parameters P.
type Kind[P any] struct {
	q    *Queue
	name string
}

// Define says what to do for jobs of a kind. P is what encoding/json writes
// and reads back. F must stand being run again for a job that was done, and
// end soon after its context. An error of f counts as a failure, but for
// Again. Kinds are defined before Run.
func Define[P any](q *Queue, name string, f func(ctx context.Context, p P) error) *Kind[P] {
	q.define(&def{name: name, f: func(ctx context.Context, body []byte) error {
		var p P
		if err := json.Unmarshal(body, &p); err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		return f(ctx, p)
	}})
	return &Kind[P]{q, name}
}

// Every runs f again and again, on one node at a time, whichever is free; see
// ParseSchedule. A run that was missed while no node was up is made up for,
// once. After a failure f is tried again without waiting for its next time.
func (q *Queue) Every(when, name string, f func(ctx context.Context) error) {
	s, err := parseSchedule(when)
	if err != nil {
		panic(fmt.Errorf("jobs: %s: %w", name, err))
	}
	q.define(&def{name: name, when: s, f: func(ctx context.Context, _ []byte) error { return f(ctx) }})
}

func (q *Queue) define(d *def) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.defs[d.name]; ok {
		panic(fmt.Errorf("jobs: %s is defined twice", d.name))
	}
	d.part = q.Switches.Part()
	q.defs[d.name] = d
	q.order = append(q.order, d.name)
}

// Option changes how a job is added.
type Option func(*options)

type options struct {
	after time.Duration
	lane  string
}

// After lets the job wait first.
func After(d time.Duration) Option { return func(o *options) { o.after = d } }

// Unique adds nothing while a job of the same kind and key still waits to be
// begun; while one runs, this one waits for its end. So it sees all that was
// true when Add was called. Kind and key have 250 bytes at most.
func Unique(key string) Option { return func(o *options) { o.lane = key } }

// Add makes a job with the transaction tx (or at once, outside of one).
func (k *Kind[P]) Add(ctx context.Context, tx *db.DB, p P, opts ...Option) error {
	var o options
	for _, f := range opts {
		f(&o)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("job %s: %w", k.name, err)
	}
	if len(k.name)+len(o.lane) > 250 {
		return fault.Wrap(fault.Invalid, fmt.Errorf("job %s: key of %d bytes", k.name, len(o.lane)), "The name is too long.")
	}
	// A waiting job is written even though nothing changes: who claims it waits
	// for this transaction then, and sees what it wrote.
	_, err = tx.Exec(ctx, `INSERT INTO job (id, kind, due, until, owner, tries, lane, waiting, running, body)
		VALUES (?, ?, ?, 0, '', 0, ?, ?, NULL, ?) {{on waiting set kind}}`,
		k.q.tag|k.q.seq.Add(1), k.name, k.q.Now().Add(o.after).UnixMilli(), o.lane, lane(k.name, o.lane), string(body))
	if err != nil {
		return fmt.Errorf("job %s: %w", k.name, err)
	}
	tx.AfterCommit(k.q.nudge)
	return nil
}

// Pending tells whether a job that was added with Unique(key) is still to be
// done or to be ended.
func (k *Kind[P]) Pending(ctx context.Context, key string) (bool, error) {
	l := lane(k.name, key)
	found, err := db.List(ctx, k.q.db, db.Scan1[int64], "SELECT id FROM job WHERE waiting = ? UNION ALL SELECT id FROM job WHERE running = ?", l, l)
	return len(found) > 0, err
}

// lane is what is unique among the waiting and among the running: NULL for
// jobs without a key, which never clash.
func lane(kind, key string) any {
	if key == "" {
		return nil
	}
	return kind + "/" + key
}

func (q *Queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// ensure makes the rows of recurring jobs, and gives those whose schedule was
// changed their new time.
func (q *Queue) ensure(ctx context.Context) error {
	for _, d := range q.all() {
		if d.when == nil {
			continue
		}
		id, next := recurringID(d.name), d.when.next(q.Now()).UnixMilli()
		err := q.db.Tx(ctx, func(tx *db.DB) error {
			_, err := tx.Exec(ctx, `INSERT INTO job (id, kind, due, until, owner, tries, lane, waiting, running, body)
				VALUES (?, ?, ?, 0, '', 0, '', NULL, NULL, ?) {{on id ignore}}`, id, d.name, next, d.when.text)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, "UPDATE job SET due = ?, body = ? WHERE id = ? AND body <> ?", next, d.when.text, id, d.when.text)
			return err
		})
		if err != nil {
			return fmt.Errorf("schedule of %s: %w", d.name, err)
		}
	}
	return nil
}

// recurringID is below 0, where no other ids are.
func recurringID(name string) int64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return -1 - int64(h.Sum64()>>1)
}

func (q *Queue) all() []*def {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]*def, len(q.order))
	for i, name := range q.order {
		out[i] = q.defs[name]
	}
	return out
}
