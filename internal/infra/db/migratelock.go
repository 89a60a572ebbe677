package db

import (
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"atrium/internal/base/fault"
)

// migrationLock lets one process at a time migrate. The lock is the kernel's or
// the database connection's, so it ends with the process that holds it.
func (db *DB) migrationLock(ctx context.Context) (unlock func(), err error) {
	if db.dialect == SQLite {
		return lockFile(strings.TrimPrefix(strings.TrimPrefix(db.dsn, "sqlite:"), "//") + ".lock")
	}
	c, err := db.write.Conn(ctx)
	if err != nil {
		return nil, explain(err, "migration lock")
	}
	q := "SELECT pg_advisory_lock(7093161)"
	if db.dialect == MySQL {
		q = "DO GET_LOCK('atrium-migration', 3600)"
	}
	if _, err := c.ExecContext(ctx, q); err != nil {
		_ = c.Close()
		return nil, explain(err, q)
	}
	return func() {
		end := "SELECT pg_advisory_unlock(7093161)"
		if db.dialect == MySQL {
			end = "DO RELEASE_LOCK('atrium-migration')"
		}
		_, _ = c.ExecContext(context.WithoutCancel(ctx), end) // closing ends the lock in any case
		_ = c.Close()
	}, nil
}

func lockFile(path string) (func(), error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("migration lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, fault.Wrap(fault.Unavailable, err, "The database cannot be locked for an upgrade.")
	}
	return func() { _ = f.Close() }, nil
}
