package status

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

const rowColumns = "uid, layer, hand, seen, live, beat, messageid, icon, message, clearat"

func scanRow(s db.Row) (r row, err error) {
	return r, s.Scan(&r.uid, &r.layer, &r.hand, &r.seen, &r.live, &r.beat, &r.message.id, &r.message.icon, &r.message.text, &r.message.clearAt)
}

// forget removes what is known of an account, and that it stands in for others.
func forget(ctx context.Context, tx *db.DB, uid string) error {
	for _, q := range [...]string{"DELETE FROM user_status WHERE uid = ?", "DELETE FROM user_absence WHERE uid = ?",
		"UPDATE user_absence SET replacement = '' WHERE replacement = ?"} {
		if _, err := tx.Exec(ctx, q, uid); err != nil {
			return err
		}
	}
	return nil
}

// Of returns what an account shows; known is false for one that never had a
// status.
func (rm *Room) Of(ctx context.Context, uid string) (s Status, known bool, err error) {
	all, err := rm.layered(ctx, []string{uid})
	if err != nil || len(all) == 0 {
		return Status{}, false, err
	}
	return all[0].shown(rm.Now()), true, nil
}

// Statuses yields what all accounts show that ever had a status, by id.
func (rm *Room) Statuses(ctx context.Context, limit, offset int64) iter.Seq2[Status, error] {
	return func(yield func(Status, error) bool) {
		for limit > 0 {
			uids, err := db.List(ctx, rm.db, db.Scan1[string], "SELECT uid FROM user_status WHERE layer = ? ORDER BY uid LIMIT ? OFFSET ?",
				below, min(limit, page), offset)
			if err != nil {
				yield(Status{}, err)
				return
			}
			if len(uids) == 0 {
				return
			}
			all, err := rm.layered(ctx, uids)
			if err != nil {
				yield(Status{}, err)
				return
			}
			now := rm.Now()
			for _, l := range all {
				if !yield(l.shown(now), nil) {
					return
				}
			}
			limit, offset = limit-int64(len(uids)), offset+int64(len(uids))
		}
	}
}

// page is how many accounts are read at once.
const page = 500

// layers is all that decides what an account shows.
type layers struct {
	below   row
	passing *row
	absence *period // one that runs now
}

// shown is what the uppermost layer shows.
func (l layers) shown(now time.Time) Status {
	switch {
	case l.passing != nil:
		return l.passing.status(now)
	case l.absence != nil:
		return l.absence.status()
	}
	return l.below.status(now)
}

// layered reads accounts that have a row, by id. What is over is not read.
func (rm *Room) layered(ctx context.Context, uids []string) ([]layers, error) {
	uids = slices.DeleteFunc(slices.Clone(uids), func(s string) bool { return !sane(s) })
	if len(uids) == 0 {
		return nil, nil
	}
	rows, err := db.List(ctx, rm.db, scanRow, "SELECT "+rowColumns+` FROM user_status
		WHERE uid IN (?) AND (layer = ? OR clearat = 0 OR clearat > ?) ORDER BY uid, layer`, uids, below, rm.Now().Unix())
	if err != nil {
		return nil, err
	}
	away, err := rm.absent(ctx, uids)
	if err != nil {
		return nil, err
	}
	var out []layers
	for _, r := range rows {
		if r.layer == below {
			out = append(out, layers{below: r, absence: away[r.uid]})
		} else if n := len(out) - 1; n >= 0 && out[n].below.uid == r.uid {
			out[n].passing = &r
		}
	}
	return out, nil
}

// say notes what the owner says by hand, which ends whatever a room or an absence
// shows in place of it.
func (rm *Room) say(ctx context.Context, uid string, change func(r *row)) (Status, error) {
	var out row
	now := rm.Now()
	away, err := rm.absent(ctx, []string{uid})
	if err != nil {
		return Status{}, err
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM user_status WHERE uid = ? AND layer = ?", uid, passing); err != nil {
			return err
		}
		if err := hide(ctx, tx, away[uid]); err != nil {
			return err
		}
		var err error
		out, err = rm.change(ctx, tx, uid, change)
		return err
	})
	return out.status(now), err
}

// change reads the lowest row of an account, or a new one, and writes it.
func (rm *Room) change(ctx context.Context, tx *db.DB, uid string, change func(r *row)) (row, error) {
	r, err := db.One(ctx, tx, scanRow, "SELECT "+rowColumns+" FROM user_status WHERE uid = ? AND layer = ?", uid, below)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return r, err
	}
	r.uid, r.layer = uid, below
	change(&r)
	return r, put(ctx, tx, r)
}

func put(ctx context.Context, tx *db.DB, r row) error {
	_, err := tx.Exec(ctx, "INSERT INTO user_status ("+rowColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		{{on uid,layer set hand,seen,live,beat,messageid,icon,message,clearat}}`,
		r.uid, r.layer, r.hand, r.seen, r.live, r.beat, r.message.id, r.message.icon, r.message.text, r.message.clearAt)
	return err
}

// Say sets the state of an account by hand.
func (rm *Room) Say(ctx context.Context, uid, state string) (Status, error) {
	now := rm.Now().Unix()
	return rm.say(ctx, uid, func(r *row) {
		r.hand, r.seen = state, now
		if state == Offline {
			r.live, r.beat = "", 0
		}
	})
}

// tell sets the message of an account.
func (rm *Room) tell(ctx context.Context, uid string, w words) (Status, error) {
	now := rm.Now()
	return rm.say(ctx, uid, func(r *row) {
		if r.message.over(now) && r.hand != Invisible {
			r.hand = ""
		}
		r.message = w
	})
}

// Hear notes that a client of the account is Online or Away. What was said by
// hand stays.
func (rm *Room) Hear(ctx context.Context, uid, state string) (Status, error) {
	now := rm.Now()
	err := rm.db.Tx(ctx, func(tx *db.DB) error {
		_, err := rm.change(ctx, tx, uid, func(r *row) { r.hear(state, now) })
		return err
	})
	if err != nil {
		return Status{}, err
	}
	s, _, err := rm.Of(ctx, uid)
	return s, err
}

// Begin shows something in place of what the account says, until Revert or until
// the owner says something else. It is for rooms, such as one for calls.
func (rm *Room) Begin(ctx context.Context, s Status) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := rm.change(ctx, tx, s.UID, func(*row) {}); err != nil { // what there is to come back to
			return err
		}
		return put(ctx, tx, row{uid: s.UID, layer: passing, hand: s.Status, seen: rm.Now().Unix(),
			message: words{id: s.MessageID, icon: s.Icon, text: s.Message, clearAt: s.ClearAt}})
	})
}

// Revert ends what Begin or an absence shows under a message's id, and tells
// whether there was such a thing.
func (rm *Room) Revert(ctx context.Context, uid, messageID string) (Status, bool, error) {
	shown, known, err := rm.Of(ctx, uid)
	if err != nil || !known || shown.MessageID != messageID || !sane(messageID) {
		return Status{}, false, err
	}
	former, ok, err := rm.former(ctx, uid)
	if err != nil || !ok {
		return Status{}, false, err
	}
	away, err := rm.absent(ctx, []string{uid})
	if err != nil {
		return Status{}, false, err
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "DELETE FROM user_status WHERE uid = ? AND layer = ? AND messageid = ?", uid, passing, messageID)
		if err != nil || n > 0 {
			return err
		}
		return hide(ctx, tx, away[uid])
	})
	return former, err == nil, err
}

// former is what is hidden at present by something that passes, if anything is.
func (rm *Room) former(ctx context.Context, uid string) (Status, bool, error) {
	all, err := rm.layered(ctx, []string{uid})
	if err != nil || len(all) == 0 {
		return Status{}, false, err
	}
	l := all[0]
	switch {
	case l.passing != nil:
		l.passing = nil
	case l.absence != nil:
		l.absence = nil
	default:
		return Status{}, false, nil
	}
	return l.shown(rm.Now()), true, nil
}

// Clear removes what is over. Nothing waits for it: what is over is not shown.
func (rm *Room) Clear(ctx context.Context) error {
	now := rm.Now().Unix()
	if _, err := rm.db.Exec(ctx, "DELETE FROM user_status WHERE layer = ? AND clearat > 0 AND clearat <= ?", passing, now); err != nil {
		return err
	}
	_, err := rm.db.Exec(ctx, `UPDATE user_status SET hand = CASE WHEN hand = ? THEN hand ELSE '' END, messageid = '', icon = '', message = '',
		clearat = 0 WHERE clearat > 0 AND clearat <= ?`, Invisible, now)
	return err
}

// Shown is what others see of an account; three times "" for one that never had a
// status.
func (rm *Room) Shown(ctx context.Context, uid string) (state, icon, message string, err error) {
	s, known, err := rm.Of(ctx, uid)
	if err != nil || !known {
		return "", "", "", err
	}
	if s.Status == Invisible {
		s.Status = Offline
	}
	return s.Status, s.Icon, s.Message, nil
}

// Brief is what others see of accounts, by id, as lists of people carry it
// (32-sharing/039). Those that never had a status are left out.
func (rm *Room) Brief(ctx context.Context, uids []string) (map[string]any, error) {
	all, err := rm.layered(ctx, uids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(all))
	for _, l := range all {
		s := forOthers(l.shown(rm.Now()))
		out[s.UID] = struct {
			Status  string  `json:"status"`
			Message *string `json:"message"`
			Icon    *string `json:"icon"`
			ClearAt *int64  `json:"clearAt"`
		}{s.Status, s.Message, s.Icon, s.ClearAt}
	}
	return out, nil
}
