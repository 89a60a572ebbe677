package jobs

import (
	"context"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// Planned is work that is done again and again.
type Planned struct {
	Name string
	When string // as ParseSchedule reads it
	Due  time.Time
	Runs bool // at this moment, on some node
}

// Planned lists what is done again and again, in the order in which it was defined.
func (q *Queue) Planned(ctx context.Context) ([]Planned, error) {
	type row struct{ id, due, until int64 }
	rows := map[int64]row{}
	for r, err := range db.All(ctx, q.db, func(r db.Row) (x row, err error) { return x, r.Scan(&x.id, &x.due, &x.until) },
		"SELECT id, due, until FROM job WHERE id < 0") {
		if err != nil {
			return nil, err
		}
		rows[r.id] = r
	}
	out := []Planned{}
	now := q.Now().UnixMilli()
	for _, d := range q.all() {
		r, ok := rows[recurringID(d.name)]
		if d.when == nil || !ok {
			continue
		}
		out = append(out, Planned{d.name, d.when.text, time.UnixMilli(r.due), r.until >= now})
	}
	return out, nil
}

// Soon has what is done again and again done now, without waiting for its time.
// What is not is fault.NotFound.
func (q *Queue) Soon(ctx context.Context, name string) error {
	n, err := q.db.Exec(ctx, "UPDATE job SET due = ? WHERE id = ? AND kind = ? AND until < ?", q.Now().UnixMilli(), recurringID(name), name, q.Now().UnixMilli())
	if err == nil && n == 0 {
		planned, err := q.Planned(ctx)
		if err != nil {
			return err
		}
		for _, p := range planned {
			if p.Name == name {
				return nil // it runs, or was due
			}
		}
		return fault.New(fault.NotFound, "There is no work called “{name}”.", "name", name)
	}
	q.nudge()
	return err
}

// Late tells for how long the oldest job that is due has waited to be begun.
func (q *Queue) Late(ctx context.Context) (time.Duration, error) {
	now := q.Now()
	oldest, err := db.List(ctx, q.db, db.Scan1[int64], "SELECT due FROM job WHERE due <= ? AND until < ? ORDER BY due LIMIT 1", now.UnixMilli(), now.UnixMilli())
	if err != nil || len(oldest) == 0 {
		return 0, err
	}
	return now.Sub(time.UnixMilli(oldest[0])), nil
}
