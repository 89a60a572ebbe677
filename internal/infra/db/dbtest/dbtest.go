// Package dbtest hands tests a fresh database of each kind: SQLite, PostgreSQL
// and MariaDB when TEST_PG and TEST_MY name a server (as DSN of a database from
// which new ones may be created; scripts/services prints them). TEST_SQLITE=off
// leaves out SQLite where the others are at hand, for a second run of the tests.
package dbtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atrium/internal/infra/db"
)

// Each runs f as a sub-test on every database at hand, with the tables of schemas.
func Each(t *testing.T, schemas []db.Schema, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	if withSQLite() {
		t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t, schemas...)) })
	}
	for name, server := range servers(t) {
		t.Run(name, func(t *testing.T) { f(t, kept(t, server, schemas)) })
	}
}

// EachDSN runs f as a sub-test with the address of a fresh, empty database of
// each kind at hand, for tests that open it themselves.
func EachDSN(t *testing.T, f func(t *testing.T, dsn string)) {
	t.Helper()
	if withSQLite() {
		t.Run("sqlite", func(t *testing.T) { f(t, "sqlite:"+filepath.Join(t.TempDir(), "atrium.db")) })
	}
	for name, server := range servers(t) {
		t.Run(name, func(t *testing.T) { f(t, fresh(t, server)) })
	}
}

// servers are the addresses of the database servers at hand, by kind.
func servers(t testing.TB) map[string]*url.URL {
	t.Helper()
	found := map[string]*url.URL{}
	for name, dsn := range map[string]string{"postgres": os.Getenv("TEST_PG"), "mysql": os.Getenv("TEST_MY")} {
		if dsn == "" {
			continue
		}
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		found[name] = u
	}
	return found
}

func withSQLite() bool {
	return os.Getenv("TEST_SQLITE") != "off" || os.Getenv("TEST_PG")+os.Getenv("TEST_MY") == ""
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
	closing(t, d)
	if err := db.Migrate(t.Context(), d, schemas...); err != nil {
		t.Fatal(err)
	}
	return d
}

// closing has d closed when the test ends.
func closing(t testing.TB, d *db.DB) {
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

// fresh creates an empty database on the server.
func fresh(t testing.TB, on *url.URL) string {
	t.Helper()
	name := "t" + strings.ToLower(rand.Text())
	server, err := db.Open(t.Context(), on.String())
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
	address := *on
	address.Path = "/" + name
	return address.String()
}
