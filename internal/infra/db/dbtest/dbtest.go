// Package dbtest hands tests a fresh database of each kind: SQLite, PostgreSQL
// and MariaDB when TEST_PG and TEST_MY name a server (as DSN of a database from
// which new ones may be created; scripts/services prints them). TEST_SQLITE=off
// leaves out SQLite where the others are at hand, for a second run of the tests.
package dbtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"atrium/internal/infra/db"
)

// Each runs f as a sub-test on every database at hand.
func Each(t *testing.T, schemas []db.Schema, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachDSN(t, func(t *testing.T, dsn string) { f(t, open(t, dsn, schemas)) })
}

// SQLite opens a new SQLite database with the tables of schemas.
func SQLite(t testing.TB, schemas ...db.Schema) *db.DB {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "atrium.db"), schemas)
}

func open(t testing.TB, dsn string, schemas []db.Schema) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := db.Migrate(t.Context(), d, schemas...); err != nil {
		t.Fatal(err)
	}
	return d
}

// fresh creates an empty database beside the one that dsn names.
func fresh(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := "t" + strings.ToLower(rand.Text())
	server, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatalf("the test database does not answer: %v", err)
	}
	if _, err := server.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := server.Exec(context.Background(), "DROP DATABASE "+name)
		if err == nil {
			err = server.Close()
		}
		if err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
	})
	u.Path = "/" + name
	return u.String()
}
