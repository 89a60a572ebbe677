package scim

import (
	"context"
	"errors"
	"iter"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
)

// Token lets a provider in.
type Token struct {
	Name    string
	Made    time.Time
	Used    time.Time // to the hour; zero: never
	Expires time.Time // zero: never
}

const usedTo = time.Hour

// AddToken makes a token and returns its secret, of which only a keyed hash is kept.
// A taken name is fault.Exists.
func (rm *Room) AddToken(ctx context.Context, name string, expires time.Time) (string, error) {
	if name == "" || len(name) > 64 {
		return "", fault.New(fault.Invalid, "The name of a token has 1 to 64 characters.")
	}
	end := int64(0)
	if !expires.IsZero() {
		if end = expires.UnixMilli(); !expires.After(rm.Now()) {
			return "", fault.New(fault.Invalid, "The token would have ended already.")
		}
	}
	secret := seal.Token(64)
	now := rm.Now().UnixMilli()
	err := rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "INSERT INTO scim_token (name, hash, made, used, expires) VALUES (?, ?, ?, 0, ?)", name, rm.box.Hash(secret), now, end); err != nil {
			return err
		}
		return rm.noteIn(ctx, tx, "", "token made: "+name)
	})
	if errors.Is(err, fault.Exists) {
		return "", fault.Wrap(fault.Exists, err, "There is a token of this name.")
	}
	return secret, err
}

func scanToken(r db.Row) (t Token, err error) {
	var made, used, expires int64
	err = r.Scan(&t.Name, &made, &used, &expires)
	t.Made = time.UnixMilli(made)
	if used > 0 {
		t.Used = time.UnixMilli(used)
	}
	if expires > 0 {
		t.Expires = time.UnixMilli(expires)
	}
	return t, err
}

// Tokens yields the tokens by name.
func (rm *Room) Tokens(ctx context.Context) iter.Seq2[Token, error] {
	return db.All(ctx, rm.db, scanToken, "SELECT name, made, used, expires FROM scim_token ORDER BY name")
}

// RemoveToken ends a token.
func (rm *Room) RemoveToken(ctx context.Context, name string) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "DELETE FROM scim_token WHERE name = ?", name)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "There is no token of this name.")
		}
		return rm.noteIn(ctx, tx, "", "token removed: "+name)
	})
}

var errToken = fault.New(fault.Anonymous, "This needs a token that scim:token:add has made.")

// bearer returns the token with a secret.
func (rm *Room) bearer(ctx context.Context, secret string) (Token, error) {
	t, err := db.One(ctx, rm.db, scanToken, "SELECT name, made, used, expires FROM scim_token WHERE hash = ?", rm.box.Hash(secret))
	if errors.Is(err, fault.NotFound) {
		return t, errToken
	}
	if err != nil {
		return t, err
	}
	now := rm.Now()
	if !t.Expires.IsZero() && !now.Before(t.Expires) {
		return t, fault.New(fault.Anonymous, "This token has ended.")
	}
	if now.Sub(t.Used) >= usedTo {
		_, err = rm.db.Exec(ctx, "UPDATE scim_token SET used = ? WHERE name = ?", now.UnixMilli(), t.Name)
	}
	return t, err
}
