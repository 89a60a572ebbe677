package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"atrium/internal/base/fault"
)

// explain gives a driver's error its kind.
func explain(err error, q string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, ok := errors.AsType[*fault.Fault](err); ok {
		return err
	}
	wrapped := fmt.Errorf("%s: %w", short(q), err)
	switch c := codeOf(err); {
	case c == dupKey:
		return fault.Wrap(fault.Exists, wrapped, "There is already an entry of this name.")
	case c == full:
		return fault.Wrap(fault.Full, wrapped, "The server's disk is full.")
	case c == lost, c == retry:
		return fault.Wrap(fault.Unavailable, wrapped, "The database does not answer. Please try again.")
	}
	return wrapped
}

type code uint8

const (
	other code = iota
	dupKey
	retry // a deadlock or a lost race; the transaction can be run again
	full
	lost // the connection or the disk below the database is gone
)

func codeOf(err error) code {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteCode(e.Code())
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresCode(e.Code)
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return mysqlCode(e.Number)
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) {
		return lost
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return lost
	}
	return other
}

// sqliteCode maps SQLite's extended result codes (sqlite.org/rescode.html).
func sqliteCode(c int) code {
	switch {
	case c == 1555 || c == 2067: // CONSTRAINT_PRIMARYKEY, CONSTRAINT_UNIQUE
		return dupKey
	case c&0xff == 13: // FULL
		return full
	case c&0xff == 5 || c&0xff == 6: // BUSY, LOCKED
		return retry
	case c&0xff == 10 || c&0xff == 14 || c&0xff == 8 || c&0xff == 11: // IOERR, CANTOPEN, READONLY, CORRUPT
		return lost
	}
	return other
}

// postgresCode maps SQLSTATE (PostgreSQL manual, appendix A).
func postgresCode(c string) code {
	switch {
	case c == "23505":
		return dupKey
	case c == "40001" || c == "40P01" || c == "55P03":
		return retry
	case c == "53100":
		return full
	case c[:2] == "08" || c[:2] == "57" || c[:2] == "53":
		return lost
	}
	return other
}

// mysqlCode maps MariaDB's and MySQL's error numbers.
func mysqlCode(n uint16) code {
	switch n {
	case 1062:
		return dupKey
	case 1205, 1213, 1020: // lock wait, deadlock, record has changed
		return retry
	case 1021, 1114:
		return full
	case 1053, 1927, 1129, 1203, 1040:
		return lost
	}
	return other
}
