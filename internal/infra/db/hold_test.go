package db_test

import (
	"fmt"
	"sync"
	"testing"

	"atrium/internal/infra/db"
)

// Loops whose bodies ask again, or wait, must not use up all connections: this
// hung with as many loops as there are connections.
func TestLoopsDoNotWaitForEachOther(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		const rows, loops = 600, 50
		if err := d.Tx(ctx, func(tx *db.DB) error {
			for i := range rows {
				if _, err := tx.Exec(ctx, "INSERT INTO pair (k, v) VALUES (?, ?)", fmt.Sprintf("%04d", i), i); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var inside, done sync.WaitGroup
		inside.Add(loops)
		for range loops {
			done.Go(func() {
				seen := 0
				for v, err := range db.All(ctx, d, db.Scan1[int64], "SELECT v FROM pair ORDER BY k") {
					if err != nil || v != int64(seen) {
						t.Errorf("row %d: %d, %v", seen, v, err)
						return
					}
					if seen++; seen == 1 {
						inside.Done()
						inside.Wait()
						if n, err := db.One(ctx, d, db.Scan1[int64], "SELECT COUNT(*) FROM pair"); n != rows || err != nil {
							t.Errorf("%d, %v", n, err)
						}
					}
				}
				if seen != rows {
					t.Errorf("%d rows", seen)
				}
			})
		}
		done.Wait()
	})
}
