package dbtest

import (
	"os"
	"path/filepath"
	"testing"
)

// EachDSN runs f as a sub-test with the address of a fresh, empty database of
// each kind at hand, for tests that open it themselves.
func EachDSN(t *testing.T, f func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, "sqlite:"+filepath.Join(t.TempDir(), "atrium.db")) })
	for name, env := range map[string]string{"postgres": "TEST_PG", "mysql": "TEST_MY"} {
		if dsn := os.Getenv(env); dsn != "" {
			t.Run(name, func(t *testing.T) { f(t, fresh(t, dsn)) })
		}
	}
}
