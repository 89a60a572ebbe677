// Package gone keeps which accounts the directories know no longer. It asks no directory.
package gone

import (
	"context"
	"errors"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
)

// Account is one whose entry the last sync did not find, or found locked.
type Account struct {
	UID    string
	Since  time.Time
	Locked bool // by the sync, which lets it in again when the entry is back
}

// List is all of them, in the table ldap_gone.
type List struct {
	Now func() time.Time

	db     *db.DB
	dir    *identity.Directory
	source string
}

// New returns those of a source. It touches no database.
func New(d *db.DB, dir *identity.Directory, source string) *List {
	l := &List{Now: time.Now, db: d, dir: dir, source: source}
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM ldap_gone WHERE uid = ?", uid)
		return err
	})
	return l
}

// All returns the accounts whose entries are gone. They keep what they have
// until somebody deletes them.
func (l *List) All(ctx context.Context) ([]Account, error) {
	return db.List(ctx, l.db, scanGone, "SELECT uid, since, locked FROM ldap_gone ORDER BY uid")
}

// remnant returns one of them, or fault.NotFound.
func (l *List) remnant(ctx context.Context, uid string) (Account, error) {
	return db.One(ctx, l.db, scanGone, "SELECT uid, since, locked FROM ldap_gone WHERE uid = ?", uid)
}

func scanGone(r db.Row) (g Account, err error) {
	var since, locked int64
	err = r.Scan(&g.UID, &since, &locked)
	g.Since, g.Locked = time.Unix(since, 0), locked != 0
	return g, err
}

// Lose locks an account whose entry is gone, and lists it. One that was locked
// already stays so when the entry comes back; one that is only linked to an entry
// has other ways in, and is listed only.
func (l *List) Lose(ctx context.Context, uid string) error {
	u, err := l.dir.User(ctx, uid)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	locked := 0
	if u.Enabled && u.Source == l.source {
		if err := l.dir.Disable(ctx, uid); err != nil {
			return err
		}
		locked = 1
	}
	_, err = l.db.Exec(ctx, "INSERT INTO ldap_gone (uid, since, locked) VALUES (?, ?, ?) {{on uid ignore}}", uid, l.Now().Unix(), locked)
	return err
}

// Regain takes that back.
func (l *List) Regain(ctx context.Context, g Account) error {
	if g.Locked {
		if err := l.dir.Enable(ctx, g.UID); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
	}
	_, err := l.db.Exec(ctx, "DELETE FROM ldap_gone WHERE uid = ?", g.UID)
	return err
}

// Back regains the account of somebody who has just proved to be there.
func (l *List) Back(ctx context.Context, subject string) error {
	uid, err := l.dir.Linked(ctx, l.source, subject)
	if err == nil {
		var g Account
		if g, err = l.remnant(ctx, uid); err == nil {
			return l.Regain(ctx, g)
		}
	}
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
