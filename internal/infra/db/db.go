// Package db speaks SQL to SQLite, PostgreSQL and MariaDB/MySQL in one dialect.
//
// A *DB is either the database or a transaction; functions take a *DB and work
// in both. Statements are written with ? place holders, which are rebound where
// needed, and with these macros, expanded per dialect:
//
//	{{on k1,k2 set a,b}}   after INSERT … VALUES: overwrite a and b when the key k1,k2 exists
//	{{on k1,k2 ignore}}    after INSERT … VALUES: do nothing when the key exists
//	{{greatest a, b}}      the larger of two scalars (MAX on SQLite)
//
// A slice argument expands inside IN (?); it must not be empty. Only what all
// three databases know may be used otherwise: no RETURNING, SKIP LOCKED, UPDATE …
// FROM or partial indexes. Migrations know further macros, see Migrate.
//
// Ids come from ID, outside of transactions. On SQLite all transactions run on
// one goroutine that commits many of them with one fsync, so the function given
// to Tx must be short, must not wait for anything but the database, and must
// only use the handle it is given. It may be run more than once.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"atrium/internal/base/fault"
)

// Dialect is the kind of database behind a DB.
type Dialect uint8

// The databases we speak.
const (
	SQLite Dialect = iota
	Postgres
	MySQL
)

// Row is what a scan function reads one result row from.
type Row interface{ Scan(dest ...any) error }

// DB is a database or, inside Tx, a transaction.
type DB struct {
	*pool
	conn conn
	tx   *txState // nil outside a transaction
}

type txState struct {
	after []func()
	wrote bool
}

// pool is what the database handle and all its transactions share.
type pool struct {
	dialect Dialect
	read    *sql.DB
	write   *sql.DB // the same as read, but on SQLite
	group   *group  // SQLite only
	dsn     string
	expand  sync.Map // statement text → dialect's text
	ids     idBlock
	inject  atomic.Pointer[func(query string) error]
	holds   chan struct{} // loops that keep their connection, see stream
}

// conn runs statements whose text is already in the dialect of the database.
type conn interface {
	exec(ctx context.Context, q string, args []any) (sql.Result, error)
	query(ctx context.Context, q string, args []any) (*sql.Rows, error)
}

// Option changes how Open opens.
type Option func(*options)

type options struct{ lazy bool }

// Lazy lets SQLite acknowledge commits before they are on the disk. A power cut
// may then undo the last transactions; it never damages the database.
func Lazy(o *options) { o.lazy = true }

// Open connects to the database that dsn names: sqlite:PATH,
// postgres://USER:PASSWORD@HOST:PORT/NAME or mysql://USER:PASSWORD@HOST:PORT/NAME.
func Open(ctx context.Context, dsn string, opts ...Option) (*DB, error) {
	var o options
	for _, f := range opts {
		f(&o)
	}
	scheme, rest, _ := strings.Cut(dsn, ":")
	var p *pool
	var err error
	switch scheme {
	case "sqlite":
		p, err = openSQLite(ctx, rest, o)
	case "postgres", "postgresql":
		p, err = openPostgres(ctx, dsn)
	case "mysql", "mariadb":
		p, err = openMySQL(ctx, dsn)
	default:
		return nil, fault.New(fault.Invalid, "The database address must start with sqlite:, postgres:// or mysql://.")
	}
	if err != nil {
		return nil, err
	}
	p.dsn = dsn
	return &DB{pool: p, conn: newStmts(p.read)}, nil
}

// Close waits for transactions under way and closes all connections.
func (db *DB) Close() error {
	if db.group != nil {
		db.group.stop()
	}
	err := db.read.Close()
	if db.write != db.read {
		err = errors.Join(err, db.write.Close())
	}
	return err
}

// Dialect tells which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Name shows the database without its password, for logs and status pages.
func (db *DB) Name() string {
	u, err := url.Parse(db.dsn)
	if err != nil {
		return db.dialect.String()
	}
	return u.Redacted()
}

// Ping tells whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	_, err := One(ctx, db, func(r Row) (n int, err error) { return n, r.Scan(&n) }, "SELECT 1")
	return err
}

// InTx tells whether db is a transaction.
func (db *DB) InTx() bool { return db.tx != nil }

// AfterCommit has f run once the transaction is durable, not when it fails.
// Outside a transaction f runs at once.
func (db *DB) AfterCommit(f func()) {
	if db.tx == nil {
		f()
		return
	}
	db.tx.after = append(db.tx.after, f)
}

// Inject has f see every statement before it runs; an error of f becomes the
// statement's. It exists so that tests can let the n-th statement fail; nil
// ends it.
func (db *DB) Inject(f func(query string) error) {
	if f == nil {
		db.inject.Store(nil)
		return
	}
	db.inject.Store(&f)
}

// Exec runs a statement and tells how many rows it matched. A duplicate key is
// fault.Exists.
func (db *DB) Exec(ctx context.Context, q string, args ...any) (int64, error) {
	if db.tx == nil && db.group != nil { // SQLite has one writer
		var n int64
		err := db.Tx(ctx, func(tx *DB) (err error) {
			n, err = tx.Exec(ctx, q, args...)
			return err
		})
		return n, err
	}
	text, flat, err := db.prepare(ctx, q, args)
	if err != nil {
		return 0, err
	}
	if db.tx != nil {
		db.tx.wrote = true
	}
	res, err := db.conn.exec(db.stmtContext(ctx), text, flat)
	if err != nil {
		return 0, explain(err, q)
	}
	return res.RowsAffected()
}

// All yields one value for each row of a query. An error ends the sequence and
// comes as its last pair: a sequence that ended without one was complete. In a
// transaction the rows are read before the first is yielded, so that the loop's
// body may use the same connection.
func All[T any](ctx context.Context, db *DB, scan func(Row) (T, error), q string, args ...any) iter.Seq2[T, error] {
	if db.tx != nil {
		return collected(ctx, db, scan, q, args)
	}
	return stream(ctx, db, scan, q, args)
}

func collected[T any](ctx context.Context, db *DB, scan func(Row) (T, error), q string, args []any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var vs []T
		for v, err := range stream(ctx, db, scan, q, args) {
			if err != nil {
				yield(v, err)
				return
			}
			vs = append(vs, v)
		}
		for _, v := range vs {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// readAhead is how many rows a loop reads before its body runs for the first.
const readAhead = 256

// stream yields rows as they come. A loop's body may ask the database again, or
// wait for a slow client, while the loop keeps a connection: if all connections
// were kept so, everybody would wait for ever. So the first rows are read ahead,
// which is most often all of them, and then at most half of the connections are
// kept; who finds none left reads its rows to the end before the body runs.
func stream[T any](ctx context.Context, db *DB, scan func(Row) (T, error), q string, args []any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		rows, err := db.rows(ctx, q, args)
		if err != nil {
			yield(zero, err)
			return
		}
		defer rows.Close()
		var ahead []T
		keeps := db.tx != nil
		for n := 0; rows.Next(); n++ {
			if n%256 == 255 && ctx.Err() != nil {
				yield(zero, context.Cause(ctx))
				return
			}
			v, err := scan(rows)
			if err != nil {
				yield(zero, fmt.Errorf("scan %q: %w", short(q), err))
				return
			}
			if !keeps {
				ahead = append(ahead, v)
				if len(ahead) < readAhead || !db.tryHold() {
					continue
				}
				defer func() { <-db.holds }()
				if keeps = true; !each(ahead, yield) {
					return
				}
				ahead = nil
				continue
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(zero, explain(err, q))
			return
		}
		_ = rows.Close() // gives the connection back; there is nothing left to fail
		each(ahead, yield)
	}
}

func (p *pool) tryHold() bool {
	select {
	case p.holds <- struct{}{}:
		return true
	default:
		return false
	}
}

func each[T any](vs []T, yield func(T, error) bool) bool {
	for _, v := range vs {
		if !yield(v, nil) {
			return false
		}
	}
	return true
}

// One returns the first row of a query, fault.NotFound when there is none.
func One[T any](ctx context.Context, db *DB, scan func(Row) (T, error), q string, args ...any) (T, error) {
	for v, err := range All(ctx, db, scan, q, args...) {
		return v, err
	}
	var zero T
	return zero, fmt.Errorf("no row for %q: %w", short(q), fault.NotFound)
}

// List collects a query's rows.
func List[T any](ctx context.Context, db *DB, scan func(Row) (T, error), q string, args ...any) ([]T, error) {
	var out []T
	for v, err := range All(ctx, db, scan, q, args...) {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Scan1 scans a row of one column.
func Scan1[T any](r Row) (v T, err error) { return v, r.Scan(&v) }

func (db *DB) rows(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	text, flat, err := db.prepare(ctx, q, args)
	if err != nil {
		return nil, err
	}
	rows, err := db.conn.query(db.stmtContext(ctx), text, flat)
	if err != nil {
		return nil, explain(err, q)
	}
	return rows, nil
}

// prepare translates a statement, flattens slices and counts.
func (db *DB) prepare(ctx context.Context, q string, args []any) (string, []any, error) {
	count(ctx)
	if f := db.inject.Load(); f != nil {
		if err := (*f)(q); err != nil {
			return "", nil, explain(err, q)
		}
	}
	return db.translate(q, args)
}

// stmtContext is the context a statement runs under. SQLite's driver starts a
// goroutine per statement for a context that can end, and an interrupted write
// would roll the whole group back, so there the context ends only between rows.
func (db *DB) stmtContext(ctx context.Context) context.Context {
	if db.dialect == SQLite {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

type counterKey struct{}

// Count returns a context under which statements are counted, for tests that
// hold a path to a number of queries.
func Count(ctx context.Context) (context.Context, *atomic.Int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, counterKey{}, n), n
}

func count(ctx context.Context) {
	if n, ok := ctx.Value(counterKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}

func short(q string) string {
	q = strings.Join(strings.Fields(q), " ")
	if len(q) > 90 {
		q = q[:90] + "…"
	}
	return q
}
