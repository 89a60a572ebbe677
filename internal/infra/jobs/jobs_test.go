package jobs_test

import (
	"testing"
	"time"

	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/jobs/jobstest"
)

func TestConformance(t *testing.T) {
	dbtest.Each(t, []db.Schema{jobs.Schema}, jobstest.Run)
}

func TestSchedules(t *testing.T) {
	const form = "Mon 2006-01-02 15:04:05 -0700"
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04:05", s, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, x := range []struct{ text, now, want string }{
		{"@every 5m", "2026-03-02 12:00:01", "Mon 2026-03-02 12:05:01 +0100"},
		{"daily 03:00", "2026-03-02 12:00:00", "Tue 2026-03-03 03:00:00 +0100"},
		{"daily 12:00", "2026-03-02 12:00:00", "Tue 2026-03-03 12:00:00 +0100"},
		{"daily 12:01", "2026-03-02 12:00:00", "Mon 2026-03-02 12:01:00 +0100"},
		{"daily 00:00", "2026-12-31 23:59:59", "Fri 2027-01-01 00:00:00 +0100"},
		{"daily 02:30", "2026-03-29 00:00:00", "Sun 2026-03-29 03:30:00 +0200"}, // the hour is skipped
		{"weekly Sun 03:00", "2026-03-01 02:00:00", "Sun 2026-03-01 03:00:00 +0100"},
		{"weekly Sun 03:00", "2026-03-01 03:00:00", "Sun 2026-03-08 03:00:00 +0100"},
		{"weekly mon,FRI 03:00", "2026-03-02 04:00:00", "Fri 2026-03-06 03:00:00 +0100"},
	} {
		got, err := jobs.ParseSchedule(x.text, at(x.now))
		if err != nil || got.Format(form) != x.want {
			t.Errorf("%q after %s is %s, %v; want %s", x.text, x.now, got.Format(form), err, x.want)
		}
	}
	for _, text := range []string{"", "5m", "@every", "@every 5", "@every 1ms", "@every 9000h", "@every -5m", "daily", "daily 3", "daily 24:00",
		"weekly 03:00", "weekly Sunday 03:00", "weekly Sun, 03:00", "monthly 1 03:00", "daily 03:00 Sun"} {
		if got, err := jobs.ParseSchedule(text, time.Now()); err == nil {
			t.Errorf("%q is %v, want an error", text, got)
		}
	}
}

func FuzzSchedule(f *testing.F) {
	for _, s := range []string{"@every 5m", "daily 03:00", "weekly Mon,Sun 23:59", "weekly , 1:1"} {
		f.Add(s, int64(1800000000))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		now := time.Unix(unix%(1<<35), 0)
		if next, err := jobs.ParseSchedule(text, now); err == nil && (!next.After(now) || next.Sub(now) > 367*24*time.Hour) {
			t.Errorf("%q after %v is %v", text, now, next)
		}
	})
}
