package db_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

func schema(files ...string) db.Schema {
	m := fstest.MapFS{}
	for i, f := range files {
		m["schema/00"+string(rune('1'+i))+"_x.sql"] = &fstest.MapFile{Data: []byte(f)}
	}
	return db.Schema{Room: "test", Files: m}
}

const pairs = "CREATE TABLE IF NOT EXISTS pair (k {{key}} NOT NULL, v {{id}} NOT NULL, PRIMARY KEY (k)) {{clustered}};"

func each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	dbtest.Each(t, []db.Schema{schema(pairs)}, f)
}

func keys(t *testing.T, d *db.DB) []string {
	t.Helper()
	ks, err := db.List(t.Context(), d, db.Scan1[string], "SELECT k FROM pair ORDER BY k")
	if err != nil {
		t.Fatal(err)
	}
	return ks
}

func TestTxIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		boom := errors.New("boom")
		err := d.Tx(ctx, func(tx *db.DB) error {
			if _, err := tx.Exec(ctx, "INSERT INTO pair (k, v) VALUES ('a', 1)"); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || len(keys(t, d)) != 0 {
			t.Errorf("err %v, rows %v", err, keys(t, d))
		}
	})
}

// Many transactions share a commit on SQLite; one that fails must not take its
// neighbours along.
func TestNeighboursInAGroupAreIndependent(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var wg sync.WaitGroup
		errs := make([]error, 60)
		for i := range errs {
			wg.Go(func() {
				k := string(rune('a'+i%26)) + strings.Repeat("x", i/26)
				errs[i] = d.Tx(ctx, func(tx *db.DB) error {
					if _, err := tx.Exec(ctx, "INSERT INTO pair (k, v) VALUES (?, ?)", k, i); err != nil {
						return err
					}
					if i%3 == 0 {
						return fault.Stale
					}
					return nil
				})
			})
		}
		wg.Wait()
		for i, err := range errs {
			if want := i%3 == 0; errors.Is(err, fault.Stale) != want {
				t.Errorf("tx %d: %v", i, err)
			}
		}
		if got, want := len(keys(t, d)), 40; got != want {
			t.Errorf("%d rows, want %d", got, want)
		}
	})
}

func TestPanicIsTheCallers(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic vanished")
				}
			}()
			_ = d.Tx(t.Context(), func(*db.DB) error { panic("no") })
		}()
		if _, err := d.Exec(t.Context(), "INSERT INTO pair (k, v) VALUES ('after', 1)"); err != nil {
			t.Errorf("the database is stuck: %v", err)
		}
	})
}

func TestAfterCommitRunsOnlyThen(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var ran []string
		_ = d.Tx(t.Context(), func(tx *db.DB) error {
			tx.AfterCommit(func() { ran = append(ran, "failed") })
			return fault.Stale
		})
		if err := d.Tx(t.Context(), func(tx *db.DB) error {
			tx.AfterCommit(func() { ran = append(ran, "done") })
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(ran, []string{"done"}) {
			t.Errorf("ran %q", ran)
		}
	})
}

func TestDuplicateKeyExistsAndMissingRow(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if _, err := d.Exec(ctx, "INSERT INTO pair (k, v) VALUES ('A', 1)"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Exec(ctx, "INSERT INTO pair (k, v) VALUES ('A', 2)"); !errors.Is(err, fault.Exists) {
			t.Errorf("duplicate: %v", err)
		}
		for _, k := range []string{"a", "A ", "ä"} { // neither case nor padding nor accents fold
			if _, err := d.Exec(ctx, "INSERT INTO pair (k, v) VALUES (?, 2)", k); err != nil {
				t.Errorf("insert %q: %v", k, err)
			}
		}
		if _, err := db.One(ctx, d, db.Scan1[int64], "SELECT v FROM pair WHERE k = 'none'"); !errors.Is(err, fault.NotFound) {
			t.Errorf("no row: %v", err)
		}
	})
}

func TestMacros(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		for _, q := range []string{
			"INSERT INTO pair (k, v) VALUES ('a', 1) {{on k set v}}",
			"INSERT INTO pair (k, v) VALUES ('a', 5) {{on k set v}}",
			"INSERT INTO pair (k, v) VALUES ('a', 9) {{on k ignore}}",
			"UPDATE pair SET v = {{greatest v, 4}} WHERE k = 'a'",
		} {
			if _, err := d.Exec(ctx, q); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := db.One(ctx, d, db.Scan1[int64], "SELECT v FROM pair WHERE k IN (?) AND v = ?", []string{"a", "b", "c"}, 5); err != nil || got != 5 {
			t.Errorf("v = %d, %v", got, err)
		}
		if _, err := db.One(ctx, d, db.Scan1[int64], "SELECT v FROM pair WHERE k IN (?)", []string{}); err == nil {
			t.Error("an empty list passed")
		}
	})
}

func TestIDsAreUnique(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var mu sync.Mutex
		seen := map[int64]bool{}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 600 {
					id, err := d.ID(context.Background())
					mu.Lock()
					if err != nil || seen[id] {
						t.Errorf("id %d twice, or %v", id, err)
					}
					seen[id] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		_ = d.Tx(t.Context(), func(tx *db.DB) error {
			if _, err := tx.ID(t.Context()); err == nil {
				t.Error("an id was drawn inside a transaction")
			}
			return nil
		})
	})
}

func TestMigrationsAreRememberedByHash(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		more := schema(pairs, "ALTER TABLE pair ADD COLUMN w {{id}};")
		for range 2 { // the second run finds nothing to do
			if err := db.Migrate(ctx, d, more); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := d.Exec(ctx, "INSERT INTO pair (k, v, w) VALUES ('a', 1, 2)"); err != nil {
			t.Error(err)
		}
		if err := db.Migrate(ctx, d, schema(pairs)); !errors.Is(err, fault.Invalid) {
			t.Errorf("an older binary started: %v", err)
		}
		if err := db.Migrate(ctx, d, schema(pairs+" ", "ALTER TABLE pair ADD COLUMN w {{id}};")); err == nil {
			t.Error("a changed file passed")
		}
	})
}

func TestMigrationsOfOneDatabase(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		own := schema(pairs, "-- only: "+d.Dialect().String()+"\nALTER TABLE pair ADD COLUMN w {{id}};", "-- only: other another\nNO SQL;")
		if err := db.Migrate(t.Context(), d, own); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Exec(t.Context(), "INSERT INTO pair (k, v, w) VALUES ('a', 1, 2)"); err != nil {
			t.Error(err)
		}
	})
}

func TestReadingAndWritingInsideALoopOfATransaction(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		err := d.Tx(ctx, func(tx *db.DB) error {
			for _, k := range []string{"a", "b", "c"} {
				if _, err := tx.Exec(ctx, "INSERT INTO pair (k, v) VALUES (?, 1)", k); err != nil {
					return err
				}
			}
			for k, err := range db.All(ctx, tx, db.Scan1[string], "SELECT k FROM pair ORDER BY k") {
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, "UPDATE pair SET v = v + 1 WHERE k = ?", k); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := db.One(ctx, d, db.Scan1[int64], "SELECT SUM(v) FROM pair"); err != nil || got != 6 {
			t.Errorf("sum %d, %v", got, err)
		}
	})
}

func TestInjectedFailureIsSeen(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		d.Inject(func(string) error { return fault.New(fault.Unavailable, "cut") })
		_, err := d.Exec(t.Context(), "INSERT INTO pair (k, v) VALUES ('a', 1)")
		d.Inject(nil)
		if !errors.Is(err, fault.Unavailable) || len(keys(t, d)) != 0 {
			t.Errorf("err %v, rows %v", err, keys(t, d))
		}
	})
}

func BenchmarkTx(b *testing.B) {
	d := dbtest.SQLite(b, schema(pairs))
	ctx := b.Context()
	b.SetParallelism(8)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			id, err := d.ID(ctx)
			if err != nil {
				b.Fatal(err)
			}
			if err := d.Tx(ctx, func(tx *db.DB) error {
				_, err := tx.Exec(ctx, "INSERT INTO pair (k, v) VALUES (?, ?)", string(rune(id)), id)
				return err
			}); err != nil && !errors.Is(err, fault.Exists) {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkPointRead(b *testing.B) {
	d := dbtest.SQLite(b, schema(pairs))
	ctx := b.Context()
	if _, err := d.Exec(ctx, "INSERT INTO pair (k, v) VALUES ('a', 1)"); err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := db.One(ctx, d, db.Scan1[int64], "SELECT v FROM pair WHERE k = ?", "a"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
