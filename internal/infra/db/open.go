package db

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
	"modernc.org/sqlite"               // registers "sqlite"

	"atrium/internal/base/fault"
)

// readers bounds SQLite's reading connections; each has its own page cache.
const readers = 8

func openSQLite(ctx context.Context, path string, o options) (*pool, error) {
	path, _, _ = strings.Cut(path, "?")
	path = strings.TrimPrefix(path, "//")
	if path == "" {
		return nil, fault.New(fault.Invalid, "The database address sqlite: needs a file name.")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("folder of the database: %w", err)
	}
	sync := "FULL"
	if o.lazy {
		sync = "NORMAL"
	}
	pragmas := []string{"journal_mode(WAL)", "synchronous(" + sync + ")", "busy_timeout(15000)",
		"cache_size(-4000)", "temp_store(MEMORY)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)"}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + url.Values{"_pragma": pragmas}.Encode()
	write, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil { // sets WAL before readers come
		return nil, fault.Wrap(fault.Unavailable, err, "The database file cannot be opened.")
	}
	read, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &pool{dialect: SQLite, read: read, write: write, group: newGroup(newStmts(write)), holds: make(chan struct{}, readers/2)}, nil
}

func openPostgres(ctx context.Context, dsn string) (*pool, error) {
	d, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The database address is not valid.")
	}
	return openServer(ctx, Postgres, d)
}

func openMySQL(ctx context.Context, dsn string) (*pool, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The database address is not valid.")
	}
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, strings.TrimPrefix(u.Path, "/")
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.ClientFoundRows, c.InterpolateParams = true, true
	// MariaDB before 11.1 only knows the old name of the variable.
	for _, name := range []string{"transaction_isolation", "tx_isolation"} {
		c.Params = map[string]string{name: "'READ-COMMITTED'", "sql_mode": "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"}
		connector, cerr := mysql.NewConnector(c.Clone())
		if cerr != nil {
			return nil, fault.Wrap(fault.Invalid, cerr, "The database address is not valid.")
		}
		d := sql.OpenDB(connector)
		var p *pool
		if p, err = openServer(ctx, MySQL, d); err == nil {
			return p, nil
		}
		_ = d.Close()
	}
	return nil, err
}

// connections bounds those to a database server.
const connections = 24

func openServer(ctx context.Context, dialect Dialect, d *sql.DB) (*pool, error) {
	d.SetMaxOpenConns(connections)
	d.SetMaxIdleConns(connections)
	d.SetConnMaxIdleTime(5 * time.Minute)
	if err := d.PingContext(ctx); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The database does not answer.")
	}
	return &pool{dialect: dialect, read: d, write: d, holds: make(chan struct{}, connections/2)}, nil
}

// stmts keeps statements prepared. PostgreSQL's driver does so itself and
// MySQL's interpolates, so only SQLite's connections prepare here.
type stmts struct {
	db    *sql.DB
	keep  bool
	mu    sync.RWMutex
	ready map[string]*sql.Stmt
}

// stmtMax bounds the statements that are kept; the rest are prepared each time.
const stmtMax = 1000

func newStmts(d *sql.DB) *stmts {
	_, keep := d.Driver().(*sqlite.Driver)
	return &stmts{db: d, keep: keep, ready: map[string]*sql.Stmt{}}
}

func (s *stmts) stmt(ctx context.Context, q string) (*sql.Stmt, error) {
	s.mu.RLock()
	st, n := s.ready[q], len(s.ready)
	s.mu.RUnlock()
	if st != nil || n >= stmtMax {
		return st, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.ready[q]; st != nil {
		return st, nil
	}
	st, err := s.db.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	s.ready[q] = st
	return st, nil
}

func (s *stmts) exec(ctx context.Context, q string, args []any) (sql.Result, error) {
	if s.keep {
		st, err := s.stmt(ctx, q)
		if err != nil {
			return nil, err
		}
		if st != nil {
			return st.ExecContext(ctx, args...)
		}
	}
	return s.db.ExecContext(ctx, q, args...)
}

func (s *stmts) query(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	if s.keep {
		st, err := s.stmt(ctx, q)
		if err != nil {
			return nil, err
		}
		if st != nil {
			return st.QueryContext(ctx, args...)
		}
	}
	return s.db.QueryContext(ctx, q, args...)
}
