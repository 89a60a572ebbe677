package exapps

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
)

// Wish is how an administrator wants a new app to be.
type Wish struct {
	Daemon string // where it runs, if Info does not say it
	Info   []byte // what there is to say of it, as JSON
	Signed bool   // it speaks the signed protocol
	Force  bool   // it gets the scopes that it asks for
}

// Enrol registers an app, and returns the secret that was made for it; "" if there was one.
func (rm *Room) Enrol(ctx context.Context, id string, w Wish) (a *App, made string, err error) {
	in, err := parseInfo(w.Info)
	if err != nil {
		return nil, "", err
	}
	if w.Daemon != "" {
		in.Daemon = w.Daemon
	}
	d, err := daemonNamed(ctx, rm.db, in.Daemon)
	if err != nil {
		return nil, "", err
	}
	a = &App{ID: id, Settings: Settings{Scheme: d.Protocol, Host: d.Host, Signed: w.Signed}}
	if err := in.onto(a); err != nil {
		return nil, "", err
	}
	if a.secret == "" {
		made = seal.Token(128)
		a.secret = made
	}
	if err := rm.grant(ctx, a, w.Force); err != nil {
		return nil, "", err
	}
	return a, made, rm.Register(ctx, a)
}

// grant settles which scopes a new app has. Of today's protocol it has all unless the
// administrator names some. One that signs is asked which it needs, and gets them with force.
func (rm *Room) grant(ctx context.Context, a *App, force bool) error {
	if a.Scopes != nil {
		return nil
	}
	if !a.Signed {
		a.Scopes = []string{scope.All}
		return nil
	}
	if err := a.check(); err != nil { // before it is called
		return err
	}
	wants, err := rm.wants(ctx, a)
	if err != nil {
		return err
	}
	if !force && !slices.Equal(wants, []string{scope.Basic}) {
		return fault.New(fault.Denied, "The app asks for the scopes {scopes}. Grant them with --force-scopes, or name others in --json-info.", "scopes", strings.Join(wants, ", "))
	}
	a.Scopes = wants
	return nil
}

// Change changes what there is to say of an app, as JSON, and has it started again. What is
// not said stays.
func (rm *Room) Change(ctx context.Context, id string, info []byte) (*App, error) {
	in, err := parseInfo(info)
	if err != nil {
		return nil, err
	}
	a, err := rm.App(ctx, id)
	if err != nil {
		return nil, err
	}
	a.secret = ""
	if err := in.onto(a); err != nil {
		return nil, err
	}
	return a, rm.Update(ctx, a)
}

// SetScopes changes what an app may do, for requests under way too. It is not started again.
func (rm *Room) SetScopes(ctx context.Context, id string, scopes []string) error {
	if err := scope.Check(scopes); err != nil {
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		a, err := rm.appIn(ctx, tx, id)
		if err != nil {
			return err
		}
		a.Scopes = scopes
		text, err := json.Marshal(a.Settings)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE exapps_app SET settings = ? WHERE app = ?", string(text), id)
		return err
	})
}

// Rotate makes another secret for an app and returns it. The former one is good for another
// day, and one before that no more. The app is not started again.
func (rm *Room) Rotate(ctx context.Context, id string) (secret string, err error) {
	secret = seal.Token(128)
	return secret, rm.db.Tx(ctx, func(tx *db.DB) error {
		a, err := rm.appIn(ctx, tx, id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE exapps_app SET secret = ?, former = ?, former_until = ? WHERE app = ?", rm.box.Seal([]byte(secret), belongs(id)),
			rm.box.Seal([]byte(a.secret), belongs(id)), rm.Now().Add(overlap).Unix(), id)
		return err
	})
}

// FormerUntil is until when the former secret is good besides; zero: there is none that is.
func (a *App) FormerUntil(now time.Time) time.Time {
	if len(a.secrets(now)) < 2 {
		return time.Time{}
	}
	return a.formerUntil
}
