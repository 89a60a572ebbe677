package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/web"
)

// How long a session lives without use: one that ends with the browser, and one
// that the browser keeps.
const (
	shortSession = 24 * time.Hour
	longSession  = 15 * 24 * time.Hour

	// halfSession is how long somebody has to show a second factor.
	halfSession = 15 * time.Minute
)

// secondPage asks for the second factor. It belongs to another room.
const secondPage = "/login/selectchallenge"

type loginView struct {
	User, Redirect, Notice, Token, Script, Forgot string
	Bad                                           bool
	Doors                                         []Door
}

// loginPage answers GET /login?user=&redirect_url=&direct=&clear=.
func (rm *Room) loginPage(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	to := local(q.Get("redirect_url"))
	if p := who.From(r.Context()); p != nil && p.Via == who.ViaSession {
		web.Redirect(w, r, orHome(to, rm.Home))
		return nil
	}
	if first, err := rm.first(r); err != nil {
		return err
	} else if first != "" {
		web.Redirect(w, r, first)
		return nil
	}
	doors, err := rm.doors(r, to)
	if err != nil {
		return err
	}
	if len(doors) == 1 && doors[0].Only && q.Get("direct") != "1" && q.Get("clear") == "" {
		web.Redirect(w, r, doors[0].Address)
		return nil
	}
	v := loginView{User: q.Get("user"), Redirect: to, Token: rm.token(0), Script: rm.Script, Forgot: rm.Forgot, Doors: doors}
	switch q.Get("error") {
	case "wrong":
		v.Notice, v.Bad = "Wrong login or password.", true
	case "expired":
		v.Notice, v.Bad = "Your password has expired. Please ask your administrator for a new one.", true
		if rm.Forgot != "" {
			v.Notice = "Your password has expired. Please choose a new one: “Forgotten password?” sends you a link."
		}
	case "busy":
		v.Notice, v.Bad = "Too many failed logins. Please wait a moment and try again.", true
	case "passkey":
		v.Notice, v.Bad = "That passkey opens no account here.", true
	case "late":
		v.Notice, v.Bad = "That took too long. Please log in again.", true
	}
	if q.Get("clear") != "" {
		v.Notice = "You are logged out."
	}
	return rm.pages["login"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Login"), v)
}

// doors are the ways in beside the password.
func (rm *Room) doors(r *http.Request, to string) ([]Door, error) {
	if rm.Doors == nil {
		return nil, nil
	}
	return rm.Doors(r.Context(), to)
}

// login answers POST /login: user, password, remember, redirect_url. A wrong
// password leads back to the page, never to a 401 (30-core/191).
func (rm *Room) login(w http.ResponseWriter, r *http.Request) error {
	// A foreign page must not sign anybody in, to an account of its choice.
	if http.NewCrossOriginProtection().Check(r) != nil {
		return web.ErrCSRF
	}
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	name, to := strings.TrimSpace(r.PostForm.Get("user")), local(r.PostForm.Get("redirect_url"))
	u, err := rm.dir.CheckPassword(r.Context(), name, r.PostForm.Get("password"), web.Network(web.VisitOf(r.Context()).Addr))
	switch {
	case errors.Is(err, fault.Anonymous):
		web.Redirect(w, r, again("wrong", name, to))
		return nil
	case errors.Is(err, fault.Busy):
		web.Redirect(w, r, again("busy", name, to))
		return nil
	case err != nil:
		return err
	}
	if err := rm.dir.Open(r.Context(), u); errors.Is(err, identity.ErrExpired) {
		web.Redirect(w, r, again("expired", name, to))
		return nil
	} else if err != nil {
		return err
	}
	remember := r.PostForm.Get("remember") != ""
	_, next, err := rm.enter(w, r, arrival{uid: u.ID, login: name, remember: remember, confirmed: rm.Now()}, to)
	if err != nil {
		return err
	}
	web.Redirect(w, r, next)
	return nil
}

// enter begins a session, or half of one for who must show a second factor. It
// returns its token and where to send the browser.
func (rm *Room) enter(w http.ResponseWriter, r *http.Request, a arrival, to string) (token int64, next string, err error) {
	needs, err := rm.dir.NeedsSecond(r.Context(), a.uid)
	if err != nil {
		return 0, "", err
	}
	if !needs {
		token, err = rm.open(w, r, a)
		return token, orHome(to, rm.Home), err
	}
	if to != "" {
		to = "?redirect_url=" + url.QueryEscape(to)
	}
	token, err = rm.openHalf(w, r, a)
	return token, secondPage + to, err
}

func again(what, name, to string) string {
	s := "/login?direct=1&user=" + url.QueryEscape(name) + "&error=" + what
	if to != "" {
		s += "&redirect_url=" + url.QueryEscape(to)
	}
	return s
}

// logout ends the session. The door has checked the request token.
func (rm *Room) logout(w http.ResponseWriter, r *http.Request) error {
	next, err := rm.Leave(w, r)
	if err == nil {
		web.Redirect(w, r, next)
	}
	return err
}

// Leave ends the browser's session and tells where to send it.
func (rm *Room) Leave(w http.ResponseWriter, r *http.Request) (next string, err error) {
	next = "/login?clear=1"
	if p := who.From(r.Context()); p != nil && p.Via == who.ViaSession {
		elsewhere, err := rm.leaving(r.Context(), p)
		if err != nil {
			return "", err
		}
		next = orHome(elsewhere, next)
		if err := rm.dir.RemoveToken(r.Context(), p.ID, p.TokenID); err != nil && !errors.Is(err, fault.NotFound) {
			return "", err
		}
	}
	setCookie(w, r, sessionCookie, "", -1)
	setCookie(w, r, halfCookie, "", -1)
	setCookie(w, r, flowCookie, "", -1)
	if web.VisitOf(r.Context()).HTTPS() {
		w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	}
	return next, nil
}

func (rm *Room) leaving(ctx context.Context, p *who.Principal) (string, error) {
	if rm.Leaving == nil {
		return "", nil
	}
	return rm.Leaving(ctx, p)
}

// csrfToken hands our own pages a fresh request token (30-core/166, 201).
func (rm *Room) csrfToken(w http.ResponseWriter, r *http.Request) error {
	web.WriteJSON(w, http.StatusOK, map[string]string{"token": rm.token(sessionOf(who.From(r.Context())))})
	return nil
}

// confirm lets somebody type the password again before something sensitive.
func (rm *Room) confirm(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	at, err := rm.retype(r, r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, map[string]int64{"lastLogin": at})
	return nil
}

// retype checks the password of whoever is signed in and notes it in the
// session. It returns the time in seconds.
func (rm *Room) retype(r *http.Request, password string) (int64, error) {
	p := who.From(r.Context())
	_, err := rm.dir.CheckPassword(r.Context(), p.ID, password, web.Network(web.VisitOf(r.Context()).Addr))
	if errors.Is(err, fault.Anonymous) {
		return 0, fault.Wrap(fault.Denied, err, "")
	}
	if err != nil {
		return 0, err
	}
	if p.Via == who.ViaSession {
		if err := rm.dir.ConfirmToken(r.Context(), p.ID, p.TokenID); err != nil {
			return 0, err
		}
	}
	return rm.Now().Unix(), nil
}

// recent tells whether the password was typed not long ago. Basic with the
// password types it each time; an app password never has it.
func (rm *Room) recent(p *who.Principal) bool {
	return p.Via == who.ViaPassword || p.Via == who.ViaSession && rm.Now().Sub(p.Confirmed) < web.ConfirmedFor
}

// local accepts an address to go to after login only when it is one of ours.
// Browsers take a backslash for a slash, and skip control characters.
func local(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t\x00") {
		return ""
	}
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return ""
	}
	return to
}

func orHome(to, home string) string {
	if to == "" {
		return home
	}
	return to
}

func unreadable(err error) error {
	if _, ok := errors.AsType[*fault.Fault](err); ok {
		return err
	}
	return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
}
