package passwords

import (
	"context"
	"errors"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
)

// expired tells whether an account's password is older than an administrator allows.
// A password whose age nobody knows, since it was set before anybody asked, is as
// old as the first question.
func (rm *Room) expired(ctx context.Context, u *identity.User) (bool, error) {
	rules, err := rm.rules(ctx)
	if err != nil || rules.Expiry == 0 {
		return false, err
	}
	at, err := db.One(ctx, rm.db, db.Scan1[int64], "SELECT at FROM password_age WHERE uid = ?", u.ID)
	if errors.Is(err, fault.NotFound) {
		_, err = rm.db.Exec(ctx, "INSERT INTO password_age (uid, at) VALUES (?, ?) {{on uid ignore}}", u.ID, rm.Now().Unix())
		return false, err
	}
	return err == nil && !rm.Now().Before(time.Unix(at, 0).Add(rules.Expiry)), err
}

// born notes when a password was set, while anybody wants to know.
func (rm *Room) born(ctx context.Context, tx *db.DB, uid string, rules Rules) error {
	if rules.Expiry == 0 {
		_, err := tx.Exec(ctx, "DELETE FROM password_age WHERE uid = ?", uid)
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO password_age (uid, at) VALUES (?, ?) {{on uid set at}}", uid, rm.Now().Unix())
	return err
}

// changed is told of every new password: it is young, and may be in the history.
// Who has locked an account out did so at the old one.
func (rm *Room) changed(ctx context.Context, tx *db.DB, uid, hash string) error {
	rules, err := rm.rules(ctx)
	if err != nil {
		return err
	}
	if err := rm.born(ctx, tx, uid, rules); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM password_tries WHERE account = ?", uid); err != nil {
		return err
	}
	return rm.remember(ctx, tx, rules, uid, hash)
}

// removed forgets all about an account that goes.
func (rm *Room) removed(ctx context.Context, tx *db.DB, uid string) error {
	for _, q := range []string{"DELETE FROM password_age WHERE uid = ?", "DELETE FROM password_tries WHERE account = ?"} {
		if _, err := tx.Exec(ctx, q, uid); err != nil {
			return err
		}
	}
	return rm.forget(ctx, tx, uid)
}
