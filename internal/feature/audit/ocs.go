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

// entries answers GET …/entries?user=&since=RFC3339&limit=100, the newest first.
func (rm *Room) entries(ctx context.Context, r *ocs.Request) (any, error) {
	q := r.URL.Query()
	limit, err := r.Int("limit", 100)
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > most {
		return nil, fault.New(fault.Invalid, "limit is from 1 to 1000.")
	}
	var since time.Time
	if s := q.Get("since"); s != "" {
		if since, err = time.Parse(time.RFC3339, s); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "since is a time such as 2026-11-22T08:00:00Z.")
		}
	}
	out := []line{}
	for e, err := range rm.Entries(ctx, q.Get("user"), since, int(limit)) {
		if err != nil {
			return nil, err
		}
		out = append(out, line{e.ID, e.At.UTC().Format(time.RFC3339), e.UID, e.What, e.Detail, e.Actor, e.Addr, e.Agent})
	}
	return out, nil
}
