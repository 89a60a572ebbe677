package ldap

import (
	"context"
	"errors"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// Gone is an account whose entry the last sync did not find, or found locked.
type Gone struct {
	UID    string
	Since  time.Time
	Locked bool // by the sync, which lets it in again when the entry is back
}

// Remnants returns all accounts whose entries are gone. They keep what they have
// until somebody deletes them.
func (rm *Room) Remnants(ctx context.Context) ([]Gone, error) {
	return db.List(ctx, rm.db, scanGone, "SELECT uid, since, locked FROM ldap_gone ORDER BY uid")
}

// remnant returns one of them, or fault.NotFound.
func (rm *Room) remnant(ctx context.Context, uid string) (Gone, error) {
	return db.One(ctx, rm.db, scanGone, "SELECT uid, since, locked FROM ldap_gone WHERE uid = ?", uid)
}

func scanGone(r db.Row) (g Gone, err error) {
	var since, locked int64
	err = r.Scan(&g.UID, &since, &locked)
	g.Since, g.Locked = time.Unix(since, 0), locked != 0
	return g, err
}

// lose locks an account whose entry is gone, and lists it. One that was locked
// already stays so when the entry comes back; one that is only linked to an entry
// has other ways in, and is listed only.
func (rm *Room) lose(ctx context.Context, uid string) error {
	u, err := rm.dir.User(ctx, uid)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	locked := 0
	if u.Enabled && u.Source == Source {
		if err := rm.dir.Disable(ctx, uid); err != nil {
			return err
		}
		locked = 1
	}
	_, err = rm.db.Exec(ctx, "INSERT INTO ldap_gone (uid, since, locked) VALUES (?, ?, ?) {{on uid ignore}}", uid, rm.Now().Unix(), locked)
	return err
}

// regain takes that back.
func (rm *Room) regain(ctx context.Context, g Gone) error {
	if g.Locked {
		if err := rm.dir.Enable(ctx, g.UID); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
	}
	_, err := rm.db.Exec(ctx, "DELETE FROM ldap_gone WHERE uid = ?", g.UID)
	return err
}

// back regains the account of somebody who has just proved to be there.
func (rm *Room) back(ctx context.Context, subject string) error {
	uid, err := rm.dir.Linked(ctx, Source, subject)
	if err == nil {
		var g Gone
		if g, err = rm.remnant(ctx, uid); err == nil {
			return rm.regain(ctx, g)
		}
	}
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
