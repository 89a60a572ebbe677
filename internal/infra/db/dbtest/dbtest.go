// Package dbtest hands tests a fresh database of each kind: SQLite, PostgreSQL
// and MariaDB when TEST_PG and TEST_MY name a server (as DSN of a database from
// which new ones may be created; scripts/services prints them). TEST_SQLITE=off
// leaves out SQLite where the others are at hand, for a second run of the tests.
package dbtest

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"atrium/internal/infra/db"
)

// Each runs f as a sub-test on every database at hand, with the tables of schemas.
func Each(t *testing.T, schemas []db.Schema, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachDSN(t, schemas, func(t *testing.T, dsn string) { f(t, open(t, dsn, schemas)) })
}

// EachDSN is Each for tests that open the database themselves.
func EachDSN(t *testing.T, schemas []db.Schema, f func(t *testing.T, dsn string)) {
	t.Helper()
	servers := servers(t)
	if os.Getenv("TEST_SQLITE") != "off" || len(servers) == 0 {
		t.Run("sqlite", func(t *testing.T) { f(t, lite(t, schemas)) })
	}
	for name, server := range servers {
		t.Run(name, func(t *testing.T) { f(t, kept(t, server, schemas)) })
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

// SQLite opens a new SQLite database with the tables of schemas.
func SQLite(t testing.TB, schemas ...db.Schema) *db.DB {
	t.Helper()
	return open(t, lite(t, schemas), schemas)
}

func lite(t testing.TB, schemas []db.Schema) (dsn string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "atrium.db")
	Like(t, path, schemas)
	return "sqlite:" + path
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

// ask has the server do something.
func ask(t testing.TB, server *url.URL, q string) {
	t.Helper()
	d, err := db.Open(t.Context(), server.String())
	if err != nil {
		t.Fatalf("the test database does not answer: %v", err)
	}
	_, err = d.Exec(t.Context(), q)
	if err := errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
}
