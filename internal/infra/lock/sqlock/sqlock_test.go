package sqlock_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/lock"
	"atrium/internal/infra/lock/locktest"
	"atrium/internal/infra/lock/sqlock"
)

func each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	dbtest.Each(t, []db.Schema{sqlock.Schema}, f)
}

func TestConformance(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		locktest.Run(t, func(t *testing.T) lock.Locker {
			if _, err := d.Exec(t.Context(), "DELETE FROM lease"); err != nil {
				t.Fatal(err)
			}
			return sqlock.New(d)
		})
	})
}

func TestNodesExcludeEachOther(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) { locktest.Exclusion(t, sqlock.New(d), sqlock.New(d)) })
}

func TestLeaseOfADeadNodeIsTakenOver(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		dead, next := sqlock.New(d), sqlock.New(d)
		held, release, err := dead.Lock(ctx, "k", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, ok, err := next.TryLock(ctx, "k", time.Hour); ok || err != nil {
			t.Errorf("TryLock = %v, %v while it is held", ok, err)
		}
		next.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
		_, release2, ok, err := next.TryLock(ctx, "k", time.Hour)
		if !ok || err != nil {
			t.Fatalf("TryLock = %v, %v after it ran out", ok, err)
		}
		if held.Err() != nil {
			t.Errorf("held ended early: %v", context.Cause(held))
		}
		release() // too late: the row is another's
		dead.Now = next.Now
		if _, _, ok, err := dead.TryLock(ctx, "k", time.Hour); ok || err != nil {
			t.Errorf("TryLock = %v, %v after the late release", ok, err)
		}
		release2()
	})
}

func TestHolderHearsThatItsLeaseIsLost(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		held, release, err := sqlock.New(d).Lock(t.Context(), "k", 30*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if _, err := d.Exec(t.Context(), "UPDATE lease SET owner = 'another'"); err != nil {
			t.Fatal(err)
		}
		<-held.Done()
		if err := context.Cause(held); !errors.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), `"k" was lost`) {
			t.Errorf("cause = %v", err)
		}
	})
}

func TestHolderHearsThatTheDatabaseIsGone(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		held, release, err := sqlock.New(d).Lock(t.Context(), "k", 30*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		d.Inject(func(string) error { return errors.New("connection refused") })
		defer d.Inject(nil)
		<-held.Done()
		if err := context.Cause(held); !errors.Is(err, fault.Unavailable) {
			t.Errorf("cause = %v", err)
		}
	})
}

func TestLeaseIsRenewed(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		l := sqlock.New(d)
		renewed := make(chan struct{}, 100)
		d.Inject(func(q string) error {
			if strings.HasPrefix(q, "UPDATE lease SET until") {
				renewed <- struct{}{}
			}
			return nil
		})
		defer d.Inject(nil)
		held, release, err := l.Lock(t.Context(), "k", 600*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for range 4 { // longer than its first ttl
			<-renewed
		}
		if held.Err() != nil {
			t.Errorf("held ended: %v", context.Cause(held))
		}
		release()
		n, err := db.One(t.Context(), d, db.Scan1[int64], "SELECT COUNT(*) FROM lease")
		if n != 0 || err != nil {
			t.Errorf("%d rows are left, %v", n, err)
		}
	})
}

func TestSweepTakesOldRows(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		l := sqlock.New(d)
		_, release, err := l.Lock(t.Context(), "k", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if n, err := l.Sweep(t.Context()); n != 0 || err != nil {
			t.Errorf("Sweep = %d, %v with a live lease", n, err)
		}
		l.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
		if n, err := l.Sweep(t.Context()); n != 1 || err != nil {
			t.Errorf("Sweep = %d, %v two days later", n, err)
		}
	})
}
