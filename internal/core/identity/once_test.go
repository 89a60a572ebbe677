package identity

import (
	"net/netip"
	"sync"
	"testing"

	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
)

// A sync client that starts with many connections was told "too many failed
// logins" although its password was right.
func TestManyConnectionsWithTheRightPasswordAtOnce(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(seal.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		dir := New(d, box, seal.NewPasswords())
		if _, err := dir.Create(t.Context(), NewUser{ID: "alice", Password: "correct horse battery"}); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 24 {
			wg.Go(func() {
				if p, err := dir.SignIn(t.Context(), "alice", "correct horse battery", netip.Prefix{}); err != nil || p.ID != "alice" {
					t.Errorf("%+v, %v", p, err)
				}
			})
		}
		wg.Wait()
	})
}
