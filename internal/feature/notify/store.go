package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
)

// item is a notice as it is kept.
type item struct {
	event.Notice
	id       int64
	audience string
	at       time.Time
	plain    bool // the subject has no rich form
}

// body is what of a notice is kept as JSON: all but what has a column.
type body struct {
	Subject event.Words
	Message event.Words                 `json:",omitzero"`
	Params  map[string]event.RichObject `json:",omitempty"`
	Link    string                      `json:",omitempty"`
	Icon    string                      `json:",omitempty"`
	Actions []event.NoticeAction        `json:",omitempty"`
	Plain   bool                        `json:",omitempty"`
}

// The audiences as the column holds them.
const everybody = "*"

func person(uid string) string { return "u:" + uid }
func group(gid string) string  { return "g:" + gid }

func audiences(n event.Notice) (out []string) {
	if n.All {
		return []string{everybody}
	}
	for _, uid := range n.To {
		out = append(out, person(uid))
	}
	for _, gid := range n.Groups {
		out = append(out, group(gid))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const itemColumns = "id, audience, app, kind, object, at, body"

func scanItem(r db.Row) (n item, err error) {
	var at int64
	var text string
	if err := r.Scan(&n.id, &n.audience, &n.App, &n.Type, &n.Object, &at, &text); err != nil {
		return n, err
	}
	n.at = time.Unix(at, 0)
	var b body
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return n, fmt.Errorf("notice %d: %w", n.id, err)
	}
	n.Subject, n.Message, n.Params, n.Link, n.Icon, n.Actions, n.plain = b.Subject, b.Message, b.Params, b.Link, b.Icon, b.Actions, b.Plain
	return n, nil
}

// Tell keeps a notice. One about the same object that somebody has is replaced, so
// that a notice that comes twice is there once.
func (rm *Room) Tell(ctx context.Context, n event.Notice) error {
	_, err := rm.tell(ctx, item{Notice: n})
	return err
}

// tell returns the id of the first row.
func (rm *Room) tell(ctx context.Context, n item) (int64, error) {
	to := audiences(n.Notice)
	if len(to) == 0 || n.Subject.Text == "" {
		return 0, nil
	}
	text, err := json.Marshal(body{n.Subject, n.Message, n.Params, n.Link, n.Icon, n.Actions, n.plain})
	if err != nil {
		return 0, err
	}
	first, err := rm.db.IDs(ctx, int64(len(to)))
	if err != nil {
		return 0, err
	}
	at := rm.Now().Unix()
	return first, rm.db.Tx(ctx, func(tx *db.DB) error {
		for some := range slices.Chunk(to, 500) {
			if _, err := tx.Exec(ctx, "DELETE FROM notice WHERE object = ? AND kind = ? AND app = ? AND audience IN (?)", n.Object, n.Type, n.App, some); err != nil {
				return err
			}
		}
		for i, audience := range to {
			if _, err := tx.Exec(ctx, "INSERT INTO notice (id, audience, app, kind, object, at, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
				first+int64(i), audience, n.App, n.Type, n.Object, at, string(text)); err != nil {
				return err
			}
		}
		if err := hide(ctx, tx, n.But, first, len(to)); err != nil {
			return err
		}
		return rm.Publish(ctx, tx, event.NoticesChanged{UIDs: n.To, Groups: n.Groups, All: n.All})
	})
}

// TakeBack removes what was told about an object.
func (rm *Room) TakeBack(ctx context.Context, over event.NoticeOver) error {
	found, err := db.List(ctx, rm.db, scanItem, "SELECT "+itemColumns+" FROM notice WHERE object = ? AND kind = ? AND app = ?",
		over.Object, over.Type, over.App)
	if err != nil {
		return err
	}
	var gone []item
	var many []int64 // that others have too
	for _, n := range found {
		switch {
		case len(over.To) == 0 || slices.ContainsFunc(over.To, func(uid string) bool { return person(uid) == n.audience }):
			gone = append(gone, n)
		case n.audience[0] != 'u':
			many = append(many, n.id)
		}
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		for _, id := range many {
			if err := hide(ctx, tx, over.To, id, 1); err != nil {
				return err
			}
		}
		if len(many) > 0 {
			if err := rm.Publish(ctx, tx, event.NoticesChanged{UIDs: over.To}); err != nil {
				return err
			}
		}
		return rm.drop(ctx, tx, gone)
	})
}

// hide takes n notices from first on off the lists of some people.
func hide(ctx context.Context, tx *db.DB, uids []string, first int64, n int) error {
	for _, uid := range uids {
		for i := range n {
			_, err := tx.Exec(ctx, "INSERT INTO notice_gone (uid, notice) VALUES (?, ?) {{on uid,notice ignore}}", uid, first+int64(i))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// drop removes notices, whoever they are addressed to.
func (rm *Room) drop(ctx context.Context, tx *db.DB, gone []item) error {
	var changed event.NoticesChanged
	for some := range slices.Chunk(gone, 500) {
		ids := make([]int64, len(some))
		for i, n := range some {
			ids[i] = n.id
			changed = including(changed, n.audience)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM notice WHERE id IN (?)", ids); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM notice_gone WHERE notice IN (?)", ids); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return rm.Publish(ctx, tx, changed)
}

func including(c event.NoticesChanged, audience string) event.NoticesChanged {
	switch {
	case audience == everybody:
		c.All = true
	case audience[0] == 'g':
		c.Groups = append(c.Groups, audience[2:])
	default:
		c.UIDs = append(c.UIDs, audience[2:])
	}
	return c
}

// reader is whose list is read.
type reader struct {
	uid    string
	tongue *tongue.Tongue
	born   time.Time
	groups []string
}

func (rm *Room) reader(ctx context.Context, u *identity.User) (reader, error) {
	groups, err := rm.dir.GroupsOf(ctx, u.ID)
	return reader{u.ID, tongue.All().For(u.Language), u.Created, groups}, err
}

// mine is the condition that a notice is there for a reader.
const mine = ` FROM notice WHERE audience IN (?) AND (at >= ? OR audience = ?)
	AND NOT EXISTS (SELECT 1 FROM notice_gone g WHERE g.uid = ? AND g.notice = notice.id)`

func (r reader) args() []any {
	all := []string{everybody, person(r.uid)}
	for _, g := range r.groups {
		all = append(all, group(g))
	}
	return []any{all, r.born.Unix(), person(r.uid), r.uid}
}

// maxList is how many notices a list has. Whoever has more sees the newest, and
// the others when those are dismissed.
const maxList = 50

// listOf is what somebody is told, newest first.
func (rm *Room) listOf(ctx context.Context, r reader) ([]item, error) {
	return db.List(ctx, rm.db, scanItem, "SELECT "+itemColumns+mine+" ORDER BY at DESC, id DESC LIMIT ?", append(r.args(), maxList)...)
}

// one is a notice that somebody is told; fault.NotFound for others.
func (rm *Room) one(ctx context.Context, r reader, id int64) (item, error) {
	return db.One(ctx, rm.db, scanItem, "SELECT "+itemColumns+mine+" AND id = ?", append(r.args(), id)...)
}

// existing tells which ids are of notices that somebody is told, in order.
func (rm *Room) existing(ctx context.Context, r reader, ids []int64) ([]int64, error) {
	return db.List(ctx, rm.db, db.Scan1[int64], "SELECT id"+mine+" AND id IN (?) ORDER BY id", append(r.args(), ids)...)
}

// Dismiss takes a notice off somebody's list. One that is not on it is no error.
func (rm *Room) Dismiss(ctx context.Context, r reader, id int64) error {
	n, err := rm.one(ctx, r, id)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return rm.dismissed(ctx, r, []item{n})
}

// DismissAll empties somebody's list.
func (rm *Room) DismissAll(ctx context.Context, r reader) error {
	for {
		all, err := rm.listOf(ctx, r)
		if err != nil || len(all) == 0 {
			return err
		}
		if err := rm.dismissed(ctx, r, all); err != nil {
			return err
		}
	}
}

func (rm *Room) dismissed(ctx context.Context, r reader, gone []item) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		own := []int64{0} // no notice
		for _, n := range gone {
			if n.audience == person(r.uid) && n.Type != storageType { // a state that is told once, until it is over
				own = append(own, n.id)
				continue
			}
			_, err := tx.Exec(ctx, "INSERT INTO notice_gone (uid, notice) VALUES (?, ?) {{on uid,notice ignore}}", r.uid, n.id)
			if err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "DELETE FROM notice WHERE id IN (?)", own); err != nil {
			return err
		}
		return rm.Publish(ctx, tx, event.NoticesChanged{UIDs: []string{r.uid}})
	})
}

// forget takes away what was kept for an account that goes.
func forget(ctx context.Context, tx *db.DB, uid string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM notice WHERE audience = ?", person(uid)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM notice_gone WHERE uid = ?", uid); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM notice_pref WHERE uid = ?", uid)
	return err
}

// keptFor is after how long nobody is told any more what they have not dismissed.
const keptFor = 180 * 24 * time.Hour

// Clear removes what is old.
func (rm *Room) Clear(ctx context.Context) error {
	for {
		old, err := db.List(ctx, rm.db, scanItem, "SELECT "+itemColumns+" FROM notice WHERE at < ? LIMIT 500", rm.Now().Add(-keptFor).Unix())
		if err != nil || len(old) == 0 {
			return err
		}
		if err := rm.db.Tx(ctx, func(tx *db.DB) error { return rm.drop(ctx, tx, old) }); err != nil {
			return err
		}
	}
}
