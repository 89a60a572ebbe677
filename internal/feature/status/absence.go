package status

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// Absence is a time in which somebody does not work. There is one for an account
// at most.
type Absence struct {
	ID          int64
	UID         string
	First, Last string // days, such as "2027-01-10", in the zone of the account; the last is part of it
	Short       string // shown as the status
	Message     string
	Replacement string // the id of who stands in; "": nobody
}

// Bounds of what an absence says, in characters.
const (
	maxShort   = 100
	maxMessage = 4000
)

const absenceColumns = "id, uid, firstday, lastday, short, message, replacement"

func scanAbsence(r db.Row) (a Absence, err error) {
	return a, r.Scan(&a.ID, &a.UID, &a.First, &a.Last, &a.Short, &a.Message, &a.Replacement)
}

// period is an absence as instants.
type period struct {
	Absence
	from, to time.Time // from the first second to the last
}

// in turns days into instants. The last second is that before the next day, which
// is not always 24 hours later.
func (a Absence) in(zone *time.Location) (period, error) {
	first, err := time.ParseInLocation(time.DateOnly, a.First, zone)
	if err != nil {
		return period{}, err
	}
	last, err := time.ParseInLocation(time.DateOnly, a.Last, zone)
	if err != nil {
		return period{}, err
	}
	return period{a, first, last.AddDate(0, 0, 1).Add(-time.Second)}, nil
}

func (p period) runs(now time.Time) bool { return !now.Before(p.from) && now.Unix() <= p.to.Unix() }

// status is what an absence shows while it lasts.
func (p period) status() Status {
	known, _ := predefined(OutOfOffice)
	text := p.Short
	if text == "" {
		text = known.Message
	}
	return Status{UID: p.UID, Status: DND, ByHand: true, MessageID: OutOfOffice, Icon: known.Icon, Message: text, ClearAt: p.to.Unix()}
}

// Absence returns the absence of an account, fault.NotFound when it has none.
func (rm *Room) Absence(ctx context.Context, uid string) (Absence, error) {
	if !sane(uid) {
		return Absence{}, fault.NotFound
	}
	return db.One(ctx, rm.db, scanAbsence, "SELECT "+absenceColumns+" FROM user_absence WHERE uid = ?", uid)
}

// Leave notes when an account is absent, in place of what was noted before.
func (rm *Room) Leave(ctx context.Context, a Absence) (Absence, error) {
	id, err := rm.db.ID(ctx)
	if err != nil {
		return a, err
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := rm.change(ctx, tx, a.UID, func(*row) {}); err != nil { // who is listed has a row
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO user_absence (uid, id, firstday, lastday, short, message, replacement, hidden) VALUES (?, ?, ?, ?, ?, ?, ?, 0)
			{{on uid set firstday,lastday,short,message,replacement,hidden}}`, a.UID, id, a.First, a.Last, a.Short, a.Message, a.Replacement)
		return err
	})
	if err != nil {
		return a, err
	}
	return rm.Absence(ctx, a.UID)
}

// Return removes the absence of an account, if there is one.
func (rm *Room) Return(ctx context.Context, uid string) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM user_absence WHERE uid = ?", uid)
	return err
}

// hide keeps an absence that runs from being shown as the status.
func hide(ctx context.Context, tx *db.DB, p *period) error {
	if p == nil {
		return nil
	}
	_, err := tx.Exec(ctx, "UPDATE user_absence SET hidden = 1 WHERE uid = ? AND id = ?", p.UID, p.ID)
	return err
}

// today is the latest and the earliest day that it is anywhere.
func (rm *Room) today() (latest, earliest string) {
	now := rm.Now().UTC()
	return now.Add(14 * time.Hour).Format(time.DateOnly), now.Add(-12 * time.Hour).Format(time.DateOnly)
}

// absent finds which of some accounts are absent now and show it.
func (rm *Room) absent(ctx context.Context, uids []string) (map[string]*period, error) {
	latest, earliest := rm.today()
	list, err := db.List(ctx, rm.db, scanAbsence, "SELECT "+absenceColumns+` FROM user_absence
		WHERE uid IN (?) AND firstday <= ? AND lastday >= ? AND hidden = 0`, uids, latest, earliest)
	if err != nil {
		return nil, err
	}
	out := map[string]*period{}
	for _, a := range list {
		p, err := rm.periodOf(ctx, a)
		if err != nil {
			return nil, err
		}
		if p.runs(rm.Now()) {
			out[a.UID] = &p
		}
	}
	return out, nil
}

// periodOf reckons in the zone of the account, UTC when it has none.
func (rm *Room) periodOf(ctx context.Context, a Absence) (period, error) {
	zone := time.UTC
	u, err := rm.dir.User(ctx, a.UID)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return period{}, err
	}
	if err == nil && u.Timezone != "" {
		if z, err := time.LoadLocation(u.Timezone); err == nil {
			zone = z
		}
	}
	return a.in(zone)
}

// sane keeps from the database what it would not take as text.
func sane(s string) bool { return len(s) <= 255 && utf8.ValidString(s) && !strings.Contains(s, "\x00") }
