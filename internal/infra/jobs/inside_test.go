package jobs

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

// begin makes a queue whose only job runs until its context ends, with a
// clock that the test holds.
func begin(t *testing.T, d *db.DB, now *time.Time) (q *Queue, ended chan error) {
	t.Helper()
	q = New(d)
	q.Log = slog.New(slog.DiscardHandler)
	q.Now = func() time.Time { return *now }
	begun := make(chan bool)
	ended = make(chan error, 1)
	k := Define(q, "k", func(ctx context.Context, _ string) error {
		begun <- true
		<-ctx.Done()
		return context.Cause(ctx)
	})
	if err := k.Add(t.Context(), d, "x"); err != nil {
		t.Fatal(err)
	}
	var c *claim
	if err := q.fill(t.Context(), func(x *claim) { c = x }); err != nil || c == nil {
		t.Fatalf("nothing claimed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() { ended <- q.work(ctx, c) }()
	<-begun
	return q, ended
}

func until(t *testing.T, d *db.DB) int64 {
	t.Helper()
	v, err := db.One(t.Context(), d, db.Scan1[int64], "SELECT until FROM job")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLeaseIsRenewedWhileTheJobRuns(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		now := time.Unix(1_800_000_000, 0)
		q, ended := begin(t, d, &now)
		for range 3 {
			now = now.Add(q.Lease / 3)
			q.beat(t.Context())
			if got, want := until(t, d), now.Add(q.Lease).UnixMilli(); got != want {
				t.Errorf("lease until %d, want %d", got, want)
			}
		}
		if len(ended) > 0 {
			t.Error("the job was stopped")
		}
	})
}

func TestJobWhoseLeaseIsAnothersIsStopped(t *testing.T) {
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		now := time.Unix(1_800_000_000, 0)
		q, ended := begin(t, d, &now)
		if _, err := d.Exec(t.Context(), "UPDATE job SET owner = 'another', until = 5"); err != nil {
			t.Fatal(err)
		}
		q.beat(t.Context())
		if err := <-ended; !errors.Is(err, fault.Unavailable) {
			t.Errorf("the job ended with %v", err)
		}
		if got := until(t, d); got != 5 {
			t.Errorf("the row of the other was changed: until %d", got)
		}
	})
}

func TestJobIsStoppedBeforeAnUnrenewedLeaseEnds(t *testing.T) {
	d := dbtest.SQLite(t, Schema)
	now := time.Unix(1_800_000_000, 0)
	q, ended := begin(t, d, &now)
	d.Inject(func(string) error { return errors.New("connection refused") })
	defer d.Inject(nil)
	now = now.Add(q.Lease / 3)
	q.beat(t.Context())
	if len(ended) > 0 {
		t.Error("stopped at the first failure")
	}
	now = now.Add(q.Lease/3 + 1)
	q.beat(t.Context())
	if err := <-ended; !errors.Is(err, fault.Unavailable) {
		t.Errorf("the job ended with %v", err)
	}
}

// A process that was held up longer than its lease finds its own job due.
func TestOwnRunningJobIsNotClaimedTwice(t *testing.T) {
	d := dbtest.SQLite(t, Schema)
	now := time.Unix(1_800_000_000, 0)
	q, _ := begin(t, d, &now)
	now = now.Add(2 * q.Lease)
	if err := q.fill(t.Context(), func(c *claim) { t.Errorf("claimed %d again", c.id) }); err != nil {
		t.Error(err)
	}
}
