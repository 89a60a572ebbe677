package audit

import (
	"context"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
)

// line is an entry as the API shows it. It is ours: Nextcloud writes to a file.
type line struct {
	ID     int64  `json:"id"`
	At     string `json:"at"` // RFC 3339, UTC
	User   string `json:"user"`
	What   string `json:"what"`
	Detail string `json:"detail"`
	By     string `json:"by"` // "": a command on the server
	Addr   string `json:"address"`
	Agent  string `json:"program"`
}

// most is how many entries one answer has.
const most = 1000

// entries answers GET …/entries?user=&person=&what=&since=&until=&before=&limit=100,
// the newest first. The times are RFC 3339; before is the id of an entry, below
// which the next page begins.
func (rm *Room) entries(ctx context.Context, r *ocs.Request) (any, error) {
	f, err := filterOf(r)
	if err != nil {
		return nil, err
	}
	out := []line{}
	for e, err := range rm.Entries(ctx, f) {
		if err != nil {
			return nil, err
		}
		out = append(out, line{e.ID, e.At.UTC().Format(time.RFC3339), e.UID, e.What, e.Detail, e.Actor, e.Addr, e.Agent})
	}
	return out, nil
}

func filterOf(r *ocs.Request) (f Filter, err error) {
	q := r.URL.Query()
	limit, err := r.Int("limit", 100)
	if err != nil {
		return f, err
	}
	if limit < 1 || limit > most {
		return f, fault.New(fault.Invalid, "limit is from 1 to 1000.")
	}
	f = Filter{UID: q.Get("user"), Person: q.Get("person"), What: q.Get("what"), Limit: int(limit)}
	if f.Before, err = r.Int("before", 0); err != nil {
		return f, err
	}
	if f.Since, err = timeOf(q.Get("since")); err != nil {
		return f, fault.Wrap(fault.Invalid, err, "since is a time such as 2026-11-22T08:00:00Z.")
	}
	if f.Until, err = timeOf(q.Get("until")); err != nil {
		return f, fault.Wrap(fault.Invalid, err, "until is a time such as 2026-11-22T08:00:00Z.")
	}
	return f, nil
}

func timeOf(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, s)
}
