package passwords

import (
	"context"
	"errors"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// about is what everybody knows of an account. One that is only being made is
// known by its id.
func (rm *Room) about(ctx context.Context, uid string) ([]string, error) {
	u, err := rm.dir.User(ctx, uid)
	if errors.Is(err, fault.NotFound) {
		return []string{uid}, nil
	}
	if err != nil {
		return nil, err
	}
	return []string{u.ID, u.Display, u.Mail}, nil
}

// remember keeps the hash of a new password while a history is wanted.
func (rm *Room) remember(ctx context.Context, tx *db.DB, rules Rules, uid, hash string) error {
	if rules.History == 0 {
		return rm.forget(ctx, tx, uid)
	}
	if _, err := tx.Exec(ctx, "INSERT INTO oldpass (uid, at, hash) VALUES (?, ?, ?) {{on uid,at,hash ignore}}", uid, rm.Now().UnixNano(), hash); err != nil {
		return err
	}
	kept, err := db.List(ctx, tx, db.Scan1[int64], "SELECT at FROM oldpass WHERE uid = ? ORDER BY at DESC LIMIT ?", uid, rules.History)
	if err != nil || len(kept) < rules.History {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM oldpass WHERE uid = ? AND at < ?", uid, kept[len(kept)-1])
	return err
}

// forget removes an account's former passwords.
func (rm *Room) forget(ctx context.Context, tx *db.DB, uid string) error {
	_, err := tx.Exec(ctx, "DELETE FROM oldpass WHERE uid = ?", uid)
	return err
}

// usedBefore tells whether a password is one of an account's last so many.
func (rm *Room) usedBefore(ctx context.Context, uid, password string, n int) (bool, error) {
	hashes, err := db.List(ctx, rm.db, db.Scan1[string], "SELECT hash FROM oldpass WHERE uid = ? ORDER BY at DESC LIMIT ?", uid, n)
	if err != nil {
		return false, err
	}
	for _, h := range hashes {
		ok, _, err := rm.hashes.Verify(ctx, h, password)
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}
