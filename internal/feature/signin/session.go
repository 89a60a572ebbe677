package signin

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/seal"
)

// kept ends the value of a half session's cookie when the browser shall stay
// signed in.
const kept = ".1"

// arrival is somebody who is let in.
type arrival struct {
	uid, login string
	remember   bool      // the browser keeps the session
	confirmed  time.Time // when it was shown who this is
}

// open ends the browser's session, if it has one, and begins another, so
// that nobody can plant one. It returns the new session's token.
func (rm *Room) open(w http.ResponseWriter, r *http.Request, a arrival) (int64, error) {
	if err := rm.leave(r); err != nil {
		return 0, err
	}
	idle, age := shortSession, time.Duration(0)
	if a.remember {
		idle, age = longSession, longSession
	}
	secret := seal.Token(64)
	t, err := rm.dir.AddToken(r.Context(), identity.Token{UID: a.uid, Login: a.login, Name: r.UserAgent(), Kind: identity.KindSession,
		Idle: idle, Confirmed: a.confirmed}, secret)
	if err != nil {
		return 0, err
	}
	setCookie(w, r, sessionCookie, secret, age)
	return t.ID, nil
}

// leave ends the session that the browser came with.
func (rm *Room) leave(r *http.Request) error {
	p := who.From(r.Context())
	if p == nil { // the route asked nobody
		var err error
		if p, err = (Cookie{rm.dir}).Authenticate(r); err != nil {
			return err
		}
	}
	if p == nil || p.Via != who.ViaSession {
		return nil
	}
	if err := rm.dir.RemoveToken(r.Context(), p.ID, p.TokenID); err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

// openHalf begins the session of a browser that has shown the password only, or
// another service's word. It opens nothing but the page that asks for the second
// factor.
func (rm *Room) openHalf(w http.ResponseWriter, r *http.Request, a arrival) (int64, error) {
	if err := rm.leave(r); err != nil {
		return 0, err
	}
	secret := seal.Token(64)
	t, err := rm.dir.AddToken(r.Context(), identity.Token{UID: a.uid, Login: a.login, Name: r.UserAgent(), Kind: identity.KindHalf,
		Idle: halfSession, Expires: rm.Now().Add(halfSession), Confirmed: a.confirmed}, secret)
	if err != nil {
		return 0, err
	}
	if a.remember {
		secret += kept
	}
	setCookie(w, r, sessionCookie, "", -1)
	setCookie(w, r, halfCookie, secret, 0)
	return t.ID, nil
}

// Half is the session of the browser that sent r and has yet to show its second
// factor; fault.Anonymous when it has none.
func (rm *Room) Half(r *http.Request) (*identity.Token, error) {
	secret, _, _ := strings.Cut(cookie(r, halfCookie), ".")
	if secret == "" {
		return nil, fault.New(fault.Anonymous, "Please log in first.")
	}
	return rm.dir.Half(r.Context(), secret)
}

// Finish makes a whole session of a half one, whose second factor was shown. It
// returns the token of the new session. Of two who come with one half session the
// second is fault.NotFound.
func (rm *Room) Finish(w http.ResponseWriter, r *http.Request, half *identity.Token) (int64, error) {
	if err := rm.dir.RemoveToken(r.Context(), half.UID, half.ID); err != nil {
		return 0, err
	}
	a := arrival{uid: half.UID, login: half.Login, remember: strings.HasSuffix(cookie(r, halfCookie), kept), confirmed: rm.Now()}
	if half.Confirmed.After(a.confirmed) {
		a.confirmed = half.Confirmed
	}
	setCookie(w, r, halfCookie, "", -1)
	token, err := rm.open(w, r, a)
	if err == nil && rm.Renewed != nil {
		err = rm.Renewed(r.Context(), half.ID, token)
	}
	return token, err
}

// Open begins a session for somebody who has shown more than a password. It
// returns its token.
func (rm *Room) Open(w http.ResponseWriter, r *http.Request, u *identity.User) (int64, error) {
	setCookie(w, r, halfCookie, "", -1)
	return rm.open(w, r, arrival{uid: u.ID, login: u.ID, remember: r.PostFormValue("remember") != "", confirmed: rm.Now()})
}

// vouched is for how long nobody is asked for a password who has none here.
const vouched = 4 * 365 * 24 * time.Hour

// Enter begins a session for somebody whom another service vouches for, or half of
// one if a second factor is asked for here. It returns the token and where to send
// the browser, which wants to go to an address of ours or to "".
func (rm *Room) Enter(w http.ResponseWriter, r *http.Request, u *identity.User, to string) (token int64, next string, err error) {
	return rm.enter(w, r, arrival{uid: u.ID, login: u.ID, remember: true, confirmed: rm.Now().Add(vouched)}, local(to))
}

// Land is where to send people after login who wanted to go to an address: there
// if it is one of ours, else home.
func (rm *Room) Land(to string) string { return orHome(local(to), rm.Home) }
