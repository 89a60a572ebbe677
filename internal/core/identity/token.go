package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
)

// Kind tells tokens apart.
type Kind int

// The kinds of tokens.
const (
	KindSession Kind = iota + 1 // a browser's cookie
	KindApp                     // an app password
	KindHalf                    // the cookie of a browser that has yet to show its second factor
)

// Token is a credential that stands for a password: an app password or the
// session of a browser. The secret itself is not kept, only its keyed hash.
type Token struct {
	ID        int64
	UID       string
	Login     string // what was typed at the login that made it
	Name      string // the device, as people see it
	Kind      Kind
	Scope     *who.Scope // what it is limited to; nil: nothing
	Wipe      bool       // the device shall delete its data; opens nothing any more
	Created   time.Time
	Used      time.Time     // to the minute
	Idle      time.Duration // void after so long without use; 0: never
	Confirmed time.Time     // when the password was last typed in this session
	Expires   time.Time     // void from then on; zero: never
}

const tokenColumns = "id, uid, login, name, kind, wipe, created, used, idle, confirmed, scope, expires"

func scanToken(r db.Row) (*Token, error) {
	var t Token
	var wipe, created, used, idle, confirmed, expires int64
	var scope string
	err := r.Scan(&t.ID, &t.UID, &t.Login, &t.Name, &t.Kind, &wipe, &created, &used, &idle, &confirmed, &scope, &expires)
	if err == nil && scope != "" {
		err = json.Unmarshal([]byte(scope), &t.Scope)
	}
	t.Wipe, t.Expires = wipe != 0, fromUnix(expires)
	t.Created, t.Used, t.Confirmed = fromUnix(created), fromUnix(used), fromUnix(confirmed)
	t.Idle = time.Duration(idle) * time.Second
	return &t, err
}

// AppPassword makes the text of an app password that programs keep: 72 letters
// and digits.
func AppPassword() string { return seal.Token(72) }

// TypedPassword makes the text of an app password that people type: five groups
// of five letters and digits.
func TypedPassword() string {
	s := seal.Token(25)
	return strings.Join([]string{s[:5], s[5:10], s[10:15], s[15:20], s[20:]}, "-")
}

// AddToken keeps a token for a secret made by AppPassword, TypedPassword or
// seal.Token. ID, Created and Used are set here.
func (d *Directory) AddToken(ctx context.Context, t Token, secret string) (*Token, error) {
	id, err := d.db.ID(ctx)
	if err != nil {
		return nil, err
	}
	t.ID, t.Created, t.Used = id, d.Now(), d.Now()
	t.Name = tidyName(t.Name)
	scope, err := scopeText(t.Scope)
	if err != nil {
		return nil, err
	}
	err = d.tx(ctx, func(tx *db.DB) error {
		if _, err := byID(ctx, tx, t.UID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO token (id, hash, uid, login, name, kind, wipe, created, used, idle, confirmed, scope, expires)
			VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)`, t.ID, d.box.Hash(secret), t.UID, t.Login, t.Name, int(t.Kind),
			unix(t.Created), unix(t.Used), int64(t.Idle/time.Second), unix(t.Confirmed), scope, unix(t.Expires))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("token for %q: %w", t.UID, err)
	}
	return &t, nil
}

// tidyName cuts a device's name, which may be any User-Agent, to what fits.
func tidyName(name string) string {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	if len(name) > 128 {
		name = strings.ToValidUTF8(name[:125], "") + "…"
	}
	if name == "" {
		name = "unknown"
	}
	return name
}

// Tokens yields the tokens of an account, oldest first.
func (d *Directory) Tokens(ctx context.Context, uid string) iter.Seq2[*Token, error] {
	return db.All(ctx, d.db, scanToken, "SELECT "+tokenColumns+" FROM token WHERE uid = ? ORDER BY id", uid)
}

// Token returns one token of an account.
func (d *Directory) Token(ctx context.Context, uid string, id int64) (*Token, error) {
	t, err := db.One(ctx, d.db, scanToken, "SELECT "+tokenColumns+" FROM token WHERE id = ? AND uid = ?", id, uid)
	if errors.Is(err, fault.NotFound) {
		return nil, noToken(id)
	}
	return t, err
}

// RemoveToken revokes a token.
func (d *Directory) RemoveToken(ctx context.Context, uid string, id int64) error {
	return d.setToken(ctx, id, "DELETE FROM token WHERE id = ? AND uid = ?", id, uid)
}

// RemoveTokens revokes all tokens of a kind, such as the sessions of all
// browsers, but the one given; 0: really all.
func (d *Directory) RemoveTokens(ctx context.Context, uid string, k Kind, but int64) error {
	return d.tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, "DELETE FROM token WHERE uid = ? AND kind = ? AND id <> ?", uid, int(k), but)
		return err
	})
}

// ChangeToken changes the device's name, what the token is limited to, and when
// it ends.
func (d *Directory) ChangeToken(ctx context.Context, uid string, id int64, name string, s *who.Scope, expires time.Time) error {
	scope, err := scopeText(s)
	if err != nil {
		return err
	}
	return d.setToken(ctx, id, "UPDATE token SET name = ?, scope = ?, expires = ? WHERE id = ? AND uid = ?",
		tidyName(name), scope, unix(expires), id, uid)
}

// scopeText is how a scope is kept: "" for one that limits nothing.
func scopeText(s *who.Scope) (string, error) {
	if !s.Limits() {
		return "", nil
	}
	b, err := json.Marshal(s)
	if err == nil && len(b) > 1000 {
		err = fault.New(fault.Invalid, "The token is limited to too many things.")
	}
	return string(b), err
}

// RotateToken gives a token a new secret and ends the old one.
func (d *Directory) RotateToken(ctx context.Context, uid string, id int64, secret string) error {
	return d.setToken(ctx, id, "UPDATE token SET hash = ? WHERE id = ? AND uid = ?", d.box.Hash(secret), id, uid)
}

// ConfirmToken notes that the password was typed again in a session.
func (d *Directory) ConfirmToken(ctx context.Context, uid string, id int64) error {
	return d.tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, "UPDATE token SET confirmed = ? WHERE id = ? AND uid = ?", d.Now().Unix(), id, uid)
		return err
	})
}

// AskWipe marks an app password: it opens nothing any more, and the device that
// bears it is told to delete its data.
func (d *Directory) AskWipe(ctx context.Context, uid string, id int64) error {
	return d.setToken(ctx, id, "UPDATE token SET wipe = 1 WHERE id = ? AND uid = ? AND wipe = 0 AND kind = ?", id, uid, int(KindApp))
}

// WipeAsked tells whether the device with this app password shall delete its
// data; a secret that is not marked, or unknown, is fault.NotFound.
func (d *Directory) WipeAsked(ctx context.Context, secret string) error {
	t, err := d.bySecret(ctx, secret)
	if err != nil {
		return err
	}
	if !t.Wipe {
		return noToken(t.ID)
	}
	return nil
}

// Wiped notes that a device has deleted its data, and forgets its token.
func (d *Directory) Wiped(ctx context.Context, secret string) error {
	t, err := d.bySecret(ctx, secret)
	if err != nil {
		return err
	}
	if !t.Wipe {
		return noToken(t.ID)
	}
	return d.RemoveToken(ctx, t.UID, t.ID)
}

func (d *Directory) setToken(ctx context.Context, id int64, q string, args ...any) error {
	return d.tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, q, args...)
		if err == nil && n == 0 {
			return noToken(id)
		}
		return err
	})
}

func (d *Directory) bySecret(ctx context.Context, secret string) (*Token, error) {
	return d.byHash(ctx, d.box.Hash(secret))
}

func (d *Directory) byHash(ctx context.Context, hash []byte) (*Token, error) {
	t, err := db.One(ctx, d.db, scanToken, "SELECT "+tokenColumns+" FROM token WHERE hash = ?", hash)
	if errors.Is(err, fault.NotFound) {
		return nil, noToken(0)
	}
	return t, err
}

func noToken(id int64) error {
	return fmt.Errorf("token %d: %w", id, fault.New(fault.NotFound, "There is no such token."))
}

// expired tells whether a token's time is over, or it was unused for too long.
func (t *Token) expired(now time.Time) bool {
	return t.Idle > 0 && now.Sub(t.Used) > t.Idle || !t.Expires.IsZero() && !now.Before(t.Expires)
}

// Flush writes down when tokens were last used. Requests only note it in
// memory; Run calls Flush once a minute.
func (d *Directory) Flush(ctx context.Context) error {
	d.mu.Lock()
	touched := d.touched
	d.touched = make(map[int64]time.Time, len(touched))
	d.mu.Unlock()
	if len(touched) > 0 {
		err := d.db.Tx(ctx, func(tx *db.DB) error {
			for id, at := range touched {
				if _, err := tx.Exec(ctx, "UPDATE token SET used = ? WHERE id = ?", at.Unix(), id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("last use of tokens: %w", err)
		}
	}
	_, err := d.db.Exec(ctx, "DELETE FROM token WHERE idle > 0 AND used + idle < ?", d.Now().Unix())
	return err
}
