package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/identity/throttle"
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
	KindOnce                    // opens nothing but its exchange for an app password, once
	KindGrant                   // a bearer token that another program was given, until it runs out
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
	Lapses    time.Time     // void from then on unless it was used before; zero: never, or it was used
	From      netip.Prefix  // the network of the last use: 24 bits of an IPv4, 64 of an IPv6 address
}

const tokenColumns = "id, uid, login, name, kind, wipe, created, used, idle, confirmed, scope, expires, lapse, net"

func scanToken(r db.Row) (*Token, error) {
	var t Token
	var wipe, created, used, idle, confirmed, expires, lapse int64
	var scope, from string
	err := r.Scan(&t.ID, &t.UID, &t.Login, &t.Name, &t.Kind, &wipe, &created, &used, &idle, &confirmed, &scope, &expires, &lapse, &from)
	if err == nil && scope != "" {
		err = json.Unmarshal([]byte(scope), &t.Scope)
	}
	t.From, _ = netip.ParsePrefix(from) // "" and what cannot be read: not known
	t.Wipe, t.Expires, t.Lapses = wipe != 0, fromUnix(expires), fromUnix(lapse)
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
		_, err := tx.Exec(ctx, `INSERT INTO token (id, hash, uid, login, name, kind, wipe, created, used, idle, confirmed, scope, expires, lapse, net)
			VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)`, t.ID, d.box.Hash(secret), t.UID, t.Login, t.Name, int(t.Kind),
			unix(t.Created), unix(t.Used), int64(t.Idle/time.Second), unix(t.Confirmed), scope, unix(t.Expires),
			unix(t.Lapses), prefixText(t.From))
		if err == nil && t.Kind == KindApp {
			err = d.tell(ctx, tx, t.UID, event.AppPasswordMade, t.Name)
		}
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

// prefixText is how a network is kept: "" when it is not known.
func prefixText(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

// Tokens yields the tokens of an account, oldest first, with the uses that are
// not written down yet.
func (d *Directory) Tokens(ctx context.Context, uid string) iter.Seq2[*Token, error] {
	return func(yield func(*Token, error) bool) {
		for t, err := range db.All(ctx, d.db, scanToken, "SELECT "+tokenColumns+" FROM token WHERE uid = ? ORDER BY id", uid) {
			if err == nil {
				d.mu.Lock()
				if u, ok := d.touched[t.ID]; ok {
					t.Used = u.at
					if u.from.IsValid() {
						t.From = u.from
					}
				}
				d.mu.Unlock()
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
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

// EndTokens revokes tokens, whoever's they are; one that is gone is no error.
func (d *Directory) EndTokens(ctx context.Context, ids []int64) error {
	return d.tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, "DELETE FROM token WHERE id IN (?)", ids)
		return err
	})
}

// RemoveTokens revokes all tokens of a kind, such as the sessions of all
// browsers, but the one given; 0: really all. It tells how many.
func (d *Directory) RemoveTokens(ctx context.Context, uid string, k Kind, but int64) (n int64, err error) {
	err = d.tx(ctx, func(tx *db.DB) error {
		n, err = tx.Exec(ctx, "DELETE FROM token WHERE uid = ? AND kind = ? AND id <> ? AND wipe = 0", uid, int(k), but)
		return err
	})
	return n, err
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
	return t.Idle > 0 && now.Sub(t.Used) > t.Idle || !t.Expires.IsZero() && !now.Before(t.Expires) ||
		!t.Lapses.IsZero() && !now.Before(t.Lapses)
}

// begin notes the first use of a token that would otherwise lapse.
func (d *Directory) begin(ctx context.Context, t *Token) error {
	if t.Lapses.IsZero() {
		return nil
	}
	n, err := d.db.Exec(ctx, "UPDATE token SET lapse = 0 WHERE id = ?", t.ID)
	if err == nil && n == 0 {
		err = noToken(t.ID)
	}
	return err
}

// Exchange gives an app password for a token of KindOnce, which is gone with
// that. login may be "". Errors are those of Bearer.
func (d *Directory) Exchange(ctx context.Context, login, once, secret, name string) (*Token, error) {
	t, err := d.bySecret(ctx, once)
	if err != nil {
		return nil, wrongUnless(err)
	}
	p, err := d.person(ctx, t.UID)
	if err != nil {
		return nil, wrongUnless(err)
	}
	other := login != "" && !strings.EqualFold(login, t.UID) && !strings.EqualFold(login, t.Login)
	if t.Kind != KindOnce || t.expired(d.Now()) || !p.Enabled || other {
		return nil, errWrong
	}
	if err := d.RemoveToken(ctx, t.UID, t.ID); err != nil {
		return nil, wrongUnless(err) // somebody was faster
	}
	return d.AddToken(ctx, Token{UID: t.UID, Login: t.Login, Name: name, Kind: KindApp, Scope: t.Scope, Expires: t.Expires}, secret)
}

// Flush writes down when and from where tokens were last used, and forgets what is over. Requests only note it in
// memory; Run calls Flush once a minute.
func (d *Directory) Flush(ctx context.Context) error {
	d.mu.Lock()
	touched := d.touched
	d.touched = make(map[int64]use, len(touched))
	d.mu.Unlock()
	if len(touched) > 0 {
		err := d.db.Tx(ctx, func(tx *db.DB) error {
			for id, u := range touched {
				if _, err := tx.Exec(ctx, "UPDATE token SET used = ?, net = CASE WHEN ? = '' THEN net ELSE ? END WHERE id = ?",
					u.at.Unix(), prefixText(u.from), prefixText(u.from), id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("last use of tokens: %w", err)
		}
	}
	now := d.Now().Unix()
	_, err := d.db.Exec(ctx, "DELETE FROM token WHERE idle > 0 AND used + idle < ? OR lapse > 0 AND lapse < ? OR kind = ? AND expires < ?",
		now, now, int(KindGrant), now)
	if err == nil {
		_, err = d.db.Exec(ctx, "DELETE FROM guess WHERE at < ?", now-int64(throttle.Forgive/time.Second))
	}
	return err
}

// CheckExpiry refuses an end that has been; zero is none.
func (d *Directory) CheckExpiry(at time.Time) error {
	if !at.IsZero() && !at.After(d.Now()) {
		return fault.New(fault.Invalid, "The end date must be in the future.")
	}
	return nil
}
