package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity/throttle"
)

// errWrong is the answer to every credential that opens nothing, whatever the
// reason, so that nobody learns which accounts exist. The text is the recorded
// one (30-core/015).
var errWrong = fault.New(fault.Anonymous, "Unauthorised")

// errSecond refuses a password without the second factor that its account has.
var errSecond = fault.New(fault.Anonymous, "This account needs a second factor: please use an app password.")

// ErrExpired refuses a right password that is too old.
var ErrExpired = fault.New(fault.Anonymous, "Your password has expired. Please choose a new one.")

// Open tells whether a password that CheckPassword found right is enough to sign
// in: ErrExpired when it is too old.
func (d *Directory) Open(ctx context.Context, u *User) error {
	if d.Expired == nil || u.Source != "" {
		return nil
	}
	old, err := d.Expired(ctx, u)
	if err == nil && old {
		return ErrExpired
	}
	return err
}

// SignIn finds out whom a login and a secret stand for: an app password, or the
// account's password. A login is an account's id in any spelling, or its mail
// address. from is the network of the client, for the delay of guesses. A
// wrong credential is fault.Anonymous, one too many fault.Busy. A password that
// needs a second factor besides is fault.Anonymous too.
func (d *Directory) SignIn(ctx context.Context, login, secret string, from netip.Prefix) (*who.Principal, error) {
	now := d.Now()
	k := d.print(login, secret)
	v, ok := d.known(k, now)
	if ok {
		return v.p, nil
	}
	if v != nil && v.p.TokenID == 0 {
		if p, err := d.renew(ctx, k, v, now); p != nil || err != nil {
			return p, err
		}
	}
	switch p, err := d.byToken(ctx, k, KindApp, login, secret); {
	case err == nil || !errors.Is(err, fault.NotFound):
		return p, err
	case login == "" || secret == "":
		return nil, errWrong
	}
	return d.once(ctx, k, from, func(ctx context.Context) (*who.Principal, error) {
		u, err := d.verify(ctx, login, secret, from)
		if err != nil {
			return nil, err
		}
		return d.admitPassword(ctx, k, u, login)
	})
}

// once has a client's parallel requests with one and the same credential wait
// for a single check: a sync client opens several connections at once, and would
// look like several guesses.
func (d *Directory) once(ctx context.Context, k fingerprint, from netip.Prefix, f func(context.Context) (*who.Principal, error)) (*who.Principal, error) {
	done := d.flight.DoChan(string(k[:])+from.String(), func() (any, error) {
		return f(context.WithoutCancel(ctx)) // others wait for it too
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case r := <-done:
		p, _ := r.Val.(*who.Principal)
		return p, r.Err
	}
}

// Bearer finds out whom an app password or a grant alone stands for.
func (d *Directory) Bearer(ctx context.Context, secret string) (*who.Principal, error) {
	return d.alone(ctx, KindApp, "\x01bearer", secret)
}

// Session finds out whose browser bears a session's secret.
func (d *Directory) Session(ctx context.Context, secret string) (*who.Principal, error) {
	return d.alone(ctx, KindSession, "\x01session", secret)
}

// alone looks up a secret that needs no login. Guessing one is hopeless, so it
// is not delayed.
func (d *Directory) alone(ctx context.Context, kind Kind, salt, secret string) (*who.Principal, error) {
	k := d.print(salt, secret)
	if v, ok := d.known(k, d.Now()); ok {
		return v.p, nil
	}
	p, err := d.byToken(ctx, k, kind, "", secret)
	if errors.Is(err, fault.NotFound) {
		d.forget(k)
		return nil, errWrong
	}
	return p, err
}

// Act is the principal of an account for who acts for it without a credential of it.
func (d *Directory) Act(ctx context.Context, uid string) (*who.Principal, error) {
	p, err := d.person(ctx, uid)
	if err == nil && p.Enabled {
		return p.principal(p.ID, who.ViaAppPassword), nil
	}
	return nil, wrongUnless(err)
}

// Half finds the session of a browser that has shown a password and has yet to
// show the second factor. It is nobody's principal.
func (d *Directory) Half(ctx context.Context, secret string) (*Token, error) {
	t, err := d.bySecret(ctx, secret)
	if err != nil {
		return nil, wrongUnless(err)
	}
	p, err := d.person(ctx, t.UID)
	if err != nil {
		return nil, wrongUnless(err)
	}
	if t.Kind != KindHalf || t.expired(d.Now()) || !p.Enabled {
		return nil, errWrong
	}
	return t, nil
}

// NeedsSecond tells whether an account must show a second factor.
func (d *Directory) NeedsSecond(ctx context.Context, uid string) (bool, error) {
	p, err := d.person(ctx, uid)
	if err != nil {
		return false, err
	}
	return p.second, nil
}

// byToken admits the bearer of a token; fault.NotFound when the secret is none.
func (d *Directory) byToken(ctx context.Context, k fingerprint, kind Kind, login, secret string) (*who.Principal, error) {
	change, now := d.changes.Load(), d.Now()
	t, err := d.bySecret(ctx, secret)
	if err != nil {
		return nil, err
	}
	granted := t.Kind == KindGrant && kind == KindApp && login == ""
	if t.Kind != kind && !granted || t.Wipe || t.expired(now) {
		return nil, errWrong
	}
	if login != "" && !strings.EqualFold(login, t.UID) && !strings.EqualFold(login, t.Login) {
		if u, err := d.Find(ctx, login); err != nil || u.ID != t.UID {
			return nil, wrongUnless(err)
		}
	}
	p, err := d.person(ctx, t.UID)
	if err != nil {
		return nil, wrongUnless(err)
	}
	if !p.Enabled {
		return nil, errWrong
	}
	via := who.ViaAppPassword
	if kind == KindSession {
		via = who.ViaSession
	}
	if err := d.begin(ctx, t); err != nil {
		return nil, wrongUnless(err)
	}
	pr := p.principal(t.Login, via)
	pr.TokenID, pr.Scope, pr.Confirmed = t.ID, t.Scope, t.Confirmed
	v := &verdict{p: pr, change: change, at: now, until: t.Expires}
	d.remember(k, v)
	d.touch(v, now)
	return pr, nil
}

// wrongUnless hides that something does not exist, but not that the database
// failed: a client that gets a 401 throws its password away.
func wrongUnless(err error) error {
	if err == nil || errors.Is(err, fault.NotFound) {
		return errWrong
	}
	return err
}

func (p *person) principal(login string, via who.Via) *who.Principal {
	return &who.Principal{ID: p.ID, Display: p.Display, Login: login, Role: p.role, Groups: slices.Clone(p.groups), Via: via,
		Rights: p.rights, Withheld: p.withheld}
}

// renew believes a password again without hashing it when the account still
// has the hash it was checked against. nil, nil: check it anew.
func (d *Directory) renew(ctx context.Context, k fingerprint, v *verdict, now time.Time) (*who.Principal, error) {
	change := d.changes.Load()
	p, err := d.person(ctx, v.p.ID)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	if err != nil || !p.Enabled || p.pass != v.pass || p.Source != v.source || !v.until.IsZero() && now.After(v.until) || p.second {
		d.forget(k)
		return nil, nil
	}
	if err := d.Open(ctx, &p.User); err != nil {
		return nil, err
	}
	pr := p.principal(v.p.Login, who.ViaPassword)
	pr.Stamp = stampOf(p.pass)
	next := &verdict{p: pr, pass: v.pass, source: v.source, until: v.until, change: change, at: now}
	d.remember(k, next)
	return next.p, nil
}

func (d *Directory) admitPassword(ctx context.Context, k fingerprint, u *User, login string) (*who.Principal, error) {
	change, now := d.changes.Load(), d.Now()
	p, err := d.person(ctx, u.ID)
	if err != nil {
		return nil, wrongUnless(err)
	}
	if p.second {
		return nil, errSecond
	}
	if err := d.Open(ctx, &p.User); err != nil {
		return nil, err
	}
	pr := p.principal(login, who.ViaPassword)
	pr.Stamp = stampOf(u.pass)
	v := &verdict{p: pr, pass: u.pass, source: u.Source, change: change, at: now}
	if u.Source != "" {
		v.until = now.Add(unusedFor)
	}
	d.remember(k, v)
	return v.p, nil
}

// CheckPassword returns the account that a login and a password open. Unlike
// SignIn it takes no app password. The errors are those of SignIn.
func (d *Directory) CheckPassword(ctx context.Context, login, password string, from netip.Prefix) (*User, error) {
	if login == "" || password == "" {
		return nil, errWrong
	}
	return d.verify(ctx, login, password, from)
}

// verify checks a password, slowly: it waits as long as the guesses before
// demand, and hashes.
func (d *Directory) verify(ctx context.Context, login, password string, from netip.Prefix) (*User, error) {
	refusal := d.print("\x02refused "+login, from.String())
	if err := d.refused(refusal); err != nil {
		return nil, err
	}
	u, err := d.Find(ctx, login)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	account, stamp := d.nobody(login), ""
	if u != nil {
		account, stamp = u.ID, u.pass
	}
	if len(password) > maxPassword {
		return nil, errWrong
	}
	if err := d.Lockout.Locked(ctx, account); err != nil {
		return nil, err
	}
	if d.throttle.Lets(from) {
		if u, err = d.open(ctx, u, login, password); err != nil {
			return nil, err
		}
		return u, d.noteLogin(ctx, u)
	}
	if err := d.catchUp(ctx); err != nil {
		return nil, err
	}
	try, err := d.throttle.Enter(ctx, throttle.Attempt{Key: throttle.Key{Account: account, From: from}, Cred: throttle.Print(d.print(account, password)), Stamp: stamp}, d.Now)
	if err != nil {
		d.refuse(refusal, err)
		return nil, err
	}
	u, err = d.tried(ctx, try, u, login, password)
	if nerr := d.noteAttempt(context.WithoutCancel(ctx), try, err == nil); nerr != nil {
		return nil, nerr
	}
	if !try.Undecided {
		if lerr := d.Lockout.Tried(context.WithoutCancel(ctx), account, err == nil); lerr != nil {
			return nil, lerr
		}
	}
	if err != nil {
		return nil, err
	}
	return u, d.noteLogin(ctx, u)
}

// tried checks a password that the throttle let through, and tells it the outcome.
func (d *Directory) tried(ctx context.Context, try *throttle.Attempt, u *User, login, password string) (_ *User, err error) {
	try.Undecided = true
	defer func() { try.Leave(err == nil && !try.Undecided, d.Now()) }()
	u, err = d.open(ctx, u, login, password)
	try.Undecided = err != nil && !errors.Is(err, fault.Anonymous)
	return u, err
}

// open checks the password against the hash of u, or lets the sources check it.
func (d *Directory) open(ctx context.Context, u *User, login, password string) (*User, error) {
	if u == nil || u.Source != "" {
		return d.openElsewhere(ctx, u, login, password)
	}
	if u.pass == "" {
		if err := d.pass.Pretend(ctx, password); err != nil {
			return nil, err
		}
		return nil, errWrong
	}
	ok, rehash, err := d.pass.Verify(ctx, u.pass, password)
	if err != nil {
		return nil, fmt.Errorf("password of %q: %w", u.ID, err)
	}
	if !ok || !u.Enabled {
		return nil, errWrong
	}
	if rehash {
		hash, err := d.pass.Hash(ctx, password)
		if err != nil {
			return nil, err
		}
		if _, err := d.db.Exec(ctx, "UPDATE account SET pass = ? WHERE uid = ? AND pass = ?", hash, u.ID, u.pass); err != nil {
			return nil, err
		}
		u.pass = hash
		d.changes.Add(1)
	}
	return u, nil
}

// noteLogin keeps when somebody signed in with a password.
func (d *Directory) noteLogin(ctx context.Context, u *User) error {
	now := d.Now().Unix()
	_, err := d.db.Exec(ctx, `UPDATE account SET lastlogin = ?, firstlogin = CASE WHEN firstlogin = 0 THEN ? ELSE firstlogin END
		WHERE uid = ?`, now, now, u.ID)
	return err
}

// Still tells whether the credential behind p is as good as when p was made:
// fault.Anonymous when its token is gone or opens less, its password is another
// by now, or the account is locked. It is for requests that last, and asks the
// tables each time.
func (d *Directory) Still(ctx context.Context, p *who.Principal) error {
	u, err := byID(ctx, d.db, p.ID)
	if err != nil {
		return wrongUnless(err)
	}
	if !u.Enabled {
		return errWrong
	}
	if p.TokenID == 0 {
		return d.stillPassword(ctx, p, u)
	}
	t, err := d.Token(ctx, p.ID, p.TokenID)
	if err != nil {
		return wrongUnless(err)
	}
	if t.Wipe || t.expired(d.Now()) || !reflect.DeepEqual(t.Scope, p.Scope) {
		return errWrong
	}
	return nil
}

func (d *Directory) stillPassword(ctx context.Context, p *who.Principal, u *User) error {
	if p.Via != who.ViaPassword { // made by no credential
		return nil
	}
	acc, err := d.person(ctx, p.ID)
	if err != nil {
		return wrongUnless(err)
	}
	if stampOf(u.pass) != p.Stamp || acc.second {
		return errWrong
	}
	return nil
}

// stampOf is what a principal carries of the hash of its password: enough to
// tell it from another, and of no use to guess it.
func stampOf(hash string) string {
	if hash == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(hash))
	return hex.EncodeToString(sum[:8])
}

// Stamp is another one after each change of the account's password or address.
// A link that is sent by mail holds it, so that it works until it was used.
func (u *User) Stamp() string {
	sum := sha256.Sum256([]byte(u.pass + "\n" + u.Mail))
	return hex.EncodeToString(sum[:12])
}

// HasPassword tells whether a password opens the account.
func (u *User) HasPassword() bool { return u.pass != "" }
