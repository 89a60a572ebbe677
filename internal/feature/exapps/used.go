package exapps

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/feature/exapps/sign"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// again is how soon the same reading call may come again from the same address: clients
// sign by the second, so that two equal calls at once are the same to the letter.
const again = 2 * time.Second

// once refuses a signature that was used before, on whichever node.
func (rm *Room) once(ctx context.Context, method string, c sign.Claim) error {
	sum := sha256.Sum256([]byte(c.App + " " + c.Signature))
	addr := web.VisitOf(ctx).Addr.String()
	until := time.Unix(c.Time, 0).Add(sign.Window + time.Second)
	_, err := rm.db.Exec(ctx, "INSERT INTO exapps_used (hash, addr, expires) VALUES (?, ?, ?)", sum[:], addr, until.Unix())
	if !errors.Is(err, fault.Exists) {
		return err
	}
	if !scope.Reads(method) || rm.Now().Unix()-c.Time > int64(again/time.Second) {
		return errRefused
	}
	first, err := db.One(ctx, rm.db, db.Scan1[string], "SELECT addr FROM exapps_used WHERE hash = ?", sum[:])
	if err == nil && first != addr {
		return errRefused
	}
	return err
}

// sweep forgets signatures that nobody can use again.
func (rm *Room) sweep(ctx context.Context) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM exapps_used WHERE expires < ?", rm.Now().Unix())
	return err
}

// agreed tells whether somebody lets an app act for them.
func (rm *Room) agreed(ctx context.Context, app, uid string) (bool, error) {
	n, err := db.One(ctx, rm.db, db.Scan1[int64], "SELECT COUNT(*) FROM exapps_user WHERE app = ? AND uid = ? AND agreed = 1", app, uid)
	return n > 0, err
}

// agrees keeps that somebody lets an app act for them: they used it, or said so.
func (rm *Room) agrees(ctx context.Context, d *db.DB, app, uid string) error {
	_, err := d.Exec(ctx, "INSERT INTO exapps_user (app, uid, agreed, noted) VALUES (?, ?, 1, 0) {{on app, uid set agreed}}", app, uid)
	return err
}

// disagrees takes that back.
func (rm *Room) disagrees(ctx context.Context, app, uid string) error {
	_, err := rm.db.Exec(ctx, "UPDATE exapps_user SET agreed = 0 WHERE app = ? AND uid = ?", app, uid)
	return err
}

// noteEvery is how often the audit log tells that one app acts for one person.
const noteEvery = time.Hour

// note has the audit log tell that an app acts for somebody, once an hour on all nodes
// together: a line for each call would bury all others.
func (rm *Room) note(ctx context.Context, app, uid string) error {
	hour := rm.Now().Truncate(noteEvery)
	key := app + " " + uid
	if rm.noted.Has(key, hour) {
		return nil
	}
	err := rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "INSERT INTO exapps_user (app, uid, agreed, noted) VALUES (?, ?, 0, 0) {{on app, uid ignore}}", app, uid); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "UPDATE exapps_user SET noted = ? WHERE app = ? AND uid = ? AND noted < ?", hour.Unix(), app, uid, hour.Unix())
		if n == 0 || err != nil {
			return err
		}
		v := web.VisitOf(ctx)
		return rm.Publish(ctx, tx, event.AccountChanged{UID: uid, What: event.ExternalAppActed, Detail: app, Actor: "app/" + app,
			Addr: v.Addr.String(), Agent: v.Agent})
	})
	if err == nil {
		rm.noted.Add(key, hour)
	}
	return err
}
