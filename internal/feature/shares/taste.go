package shares

import (
	"context"
	"errors"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// taste is how somebody wants to receive.
type taste struct {
	said   bool  // there is a row
	ask    bool  // nothing appears unasked
	folder int64 // where what is new goes; 0: the top of the home
}

func tasteOf(ctx context.Context, d *db.DB, uid string) (taste, error) {
	t, err := db.One(ctx, d, func(r db.Row) (t taste, err error) { return t, r.Scan(&t.ask, &t.folder) },
		"SELECT ask, folder FROM share_taste WHERE uid = ?", uid)
	if errors.Is(err, fault.NotFound) {
		return taste{}, nil
	}
	t.said = true
	return t, err
}

// tastes lists the recipients of a new share whose wish differs from the share's
// default: who wants to be asked, and who does not.
func (rm *Room) tastes(ctx context.Context, s Share) (asked, unasked []string, err error) {
	type row struct {
		uid string
		ask bool
	}
	if s.Kind != User && s.Kind != Group {
		return nil, nil, nil
	}
	q, args := "SELECT uid, ask FROM share_taste WHERE ask <> ?", []any{number(s.Ask)}
	if s.Kind == User {
		q, args = q+" AND uid = ?", append(args, s.Recipient)
	}
	rows, err := db.List(ctx, rm.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.uid, &v.ask) }, q, args...)
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	in := map[string]bool{s.Recipient: true}
	if s.Kind == Group {
		members, err := rm.members(ctx, s.Recipient)
		if err != nil {
			return nil, nil, err
		}
		for _, uid := range members {
			in[uid] = true
		}
	}
	for _, r := range rows {
		switch {
		case !in[r.uid]:
		case r.ask:
			asked = append(asked, r.uid)
		default:
			unasked = append(unasked, r.uid)
		}
	}
	return asked, unasked, nil
}
