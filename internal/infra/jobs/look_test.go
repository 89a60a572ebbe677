package jobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/jobs/jobstest"
)

func TestPlannedWorkIsSeenAndDoneSoon(t *testing.T) {
	dbtest.Each(t, []db.Schema{jobs.Schema}, func(t *testing.T, d *db.DB) {
		q, clock := jobstest.New(d)
		ctx, done := t.Context(), 0
		q.Every("daily 13:00", "tidy", func(context.Context) error { done++; return nil })
		if err := q.Drain(ctx); err != nil { // makes the row
			t.Fatal(err)
		}
		planned, err := q.Planned(ctx)
		if err != nil || len(planned) != 1 || planned[0].Name != "tidy" || planned[0].When != "daily 13:00" || !planned[0].Due.After(clock.Now()) {
			t.Fatalf("%+v, %v", planned, err)
		}
		if late, err := q.Late(ctx); late != 0 || err != nil {
			t.Errorf("late %s, %v", late, err)
		}
		if err := q.Soon(ctx, "tidy"); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Minute)
		if late, err := q.Late(ctx); late != time.Minute || err != nil {
			t.Errorf("late %s, %v", late, err)
		}
		if err := q.Drain(ctx); err != nil || done != 1 {
			t.Errorf("done %d times, %v", done, err)
		}
		if err := q.Soon(ctx, "unknown"); !errors.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
	})
}
