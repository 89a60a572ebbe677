package dbtest

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// EachDSN runs f as a sub-test with the address of a fresh, empty database of
// each kind at hand, for tests that open it themselves.
func EachDSN(t *testing.T, f func(t *testing.T, dsn string)) {
	t.Helper()
	servers := map[string]string{"postgres": os.Getenv("TEST_PG"), "mysql": os.Getenv("TEST_MY")}
	maps.DeleteFunc(servers, func(_, dsn string) bool { return dsn == "" })
	if len(servers) == 0 || os.Getenv("TEST_SQLITE") != "off" {
		t.Run("sqlite", func(t *testing.T) { f(t, "sqlite:"+filepath.Join(t.TempDir(), "atrium.db")) })
	}
	for name, dsn := range servers {
		t.Run(name, func(t *testing.T) { f(t, fresh(t, dsn)) })
	}
}
