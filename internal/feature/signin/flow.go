package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// flowLife is how long a device waits for somebody to let it in.
const flowLife = 20 * time.Minute

// flow is a login that a device has begun. The device holds one secret, with
// which it asks again and again; the person's browser gets the other in a link.
type flow struct {
	id      int64
	name    string // the device
	created int64
	uid     string // who let it in; "": nobody yet
	login   string
	sealed  string // an app password that was typed for it; "": it gets a new one
}

const flowColumns = "id, name, created, uid, login, sealed"

func scanFlow(r db.Row) (*flow, error) {
	var f flow
	return &f, r.Scan(&f.id, &f.name, &f.created, &f.uid, &f.login, &f.sealed)
}

// begin answers POST /login/v2 (30-core/145).
func (rm *Room) begin(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := rm.db.ID(ctx)
	if err != nil {
		return err
	}
	poll, door, now := seal.Token(128), seal.Token(128), rm.Now().Unix()
	name := r.UserAgent()
	if len(name) > 200 {
		name = name[:200]
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM signin_flow WHERE created < ?", now-int64(flowLife/time.Second)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO signin_flow (id, poll, door, name, created, uid, login, sealed)
			VALUES (?, ?, ?, ?, ?, '', '', '')`, id, rm.box.Hash(poll), rm.box.Hash(door), plain(name), now)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin login: %w", err)
	}
	base := web.VisitOf(ctx).Base()
	type pollView struct {
		Token    string `json:"token"`
		Endpoint string `json:"endpoint"`
	}
	web.WriteJSON(w, http.StatusOK, struct {
		Poll  pollView `json:"poll"`
		Login string   `json:"login"`
	}{pollView{poll, base + "/login/v2/poll"}, base + "/login/v2/flow/" + door})
	return nil
}

// poll answers POST /login/v2/poll: 404 with [] until somebody let the device
// in, then the credentials, once. The app password is made only now, so that it
// is never kept.
func (rm *Room) poll(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	ctx := r.Context()
	f, err := rm.flow(ctx, "poll", r.Form.Get("token"))
	if errors.Is(err, fault.NotFound) || err == nil && f.uid == "" {
		return empty(w, http.StatusNotFound)
	}
	if err != nil {
		return err
	}
	n, err := rm.db.Exec(ctx, "DELETE FROM signin_flow WHERE id = ?", f.id)
	if err != nil {
		return err
	}
	if n == 0 { // another poll was faster
		return empty(w, http.StatusNotFound)
	}
	secret, err := rm.secretFor(ctx, f)
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, struct {
		Server      string `json:"server"`
		LoginName   string `json:"loginName"`
		AppPassword string `json:"appPassword"`
	}{web.VisitOf(ctx).Base(), f.login, secret})
	return nil
}

func (rm *Room) secretFor(ctx context.Context, f *flow) (string, error) {
	if f.sealed != "" {
		secret, err := rm.box.Open(f.sealed, f.belongs())
		return string(secret), err
	}
	secret := identity.AppPassword()
	_, err := rm.dir.AddToken(ctx, identity.Token{UID: f.uid, Login: f.login, Name: f.name, Kind: identity.KindApp}, secret)
	return secret, err
}

func (f *flow) belongs() string { return "login flow " + strconv.FormatInt(f.id, 10) }

// flow finds a flow by one of its two secrets; one that is too old is none.
func (rm *Room) flow(ctx context.Context, column, secret string) (*flow, error) {
	f, err := db.One(ctx, rm.db, scanFlow, "SELECT "+flowColumns+" FROM signin_flow WHERE "+column+" = ?", rm.box.Hash(secret))
	if err != nil {
		return nil, err
	}
	if rm.Now().Sub(time.Unix(f.created, 0)) > flowLife {
		return nil, fault.NotFound
	}
	return f, nil
}

// arrive answers the link that the device opened in the browser: it keeps the
// secret in a cookie, so that it stands in no further address.
func (rm *Room) arrive(w http.ResponseWriter, r *http.Request) error {
	door := web.Param(r, "token")
	if _, err := rm.flow(r.Context(), "door", door); err != nil {
		return rm.lost(w, r, err)
	}
	setCookie(w, r, flowCookie, door, flowLife)
	q := r.URL.Query()
	direct := "0"
	if q.Get("direct") == "1" {
		direct = "1"
	}
	web.Redirect(w, r, web.VisitOf(r.Context()).Base()+"/login/v2/flow?user="+url.QueryEscape(q.Get("user"))+"&direct="+direct)
	return nil
}

type pickView struct {
	Device, Grant, AppToken, State, User string
}

// pick shows which device asks and offers to log in.
func (rm *Room) pick(w http.ResponseWriter, r *http.Request) error {
	door := cookie(r, flowCookie)
	f, err := rm.flow(r.Context(), "door", door)
	if err != nil {
		return rm.lost(w, r, err)
	}
	q := r.URL.Query()
	grant := "/login/v2/grant?stateToken=" + rm.state(door)
	if user := q.Get("user"); user != "" {
		grant += "&user=" + url.QueryEscape(user)
	}
	if q.Get("direct") == "1" {
		web.Redirect(w, r, grant)
		return nil
	}
	return rm.pages["pick"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Connect a device"), pickView{
		Device: f.name, Grant: grant, AppToken: "/login/v2/apptoken", State: rm.state(door), User: q.Get("user")})
}

// state proves that a page belongs to the flow in the cookie: whoever only
// knows the address of the page cannot make a browser grant another flow.
func (rm *Room) state(door string) string { return rm.box.HashText("state of " + door) }

type grantView struct {
	Device, Account, Login, Action, State, Token string
	Retype, Wrong                                bool
}

func (rm *Room) grantPage(w http.ResponseWriter, r *http.Request) error {
	f, door, err := rm.asked(r, r.URL.Query().Get("stateToken"))
	if err != nil {
		return rm.lost(w, r, err)
	}
	return rm.showGrant(w, r, http.StatusOK, f.name, "/login/v2/grant", rm.state(door), false)
}

func (rm *Room) showGrant(w http.ResponseWriter, r *http.Request, status int, device, action, state string, wrong bool) error {
	p := who.From(r.Context())
	if p.Via == who.ViaAppPassword {
		return fault.New(fault.Denied, "An app password cannot let another device in.")
	}
	return rm.pages["grant"].Render(w, r, status, web.Tongue(r).Say("Account access"), grantView{Device: device, Account: p.Display, Login: p.ID,
		Action: action, State: state, Token: rm.token(sessionOf(p)), Retype: !rm.recent(p), Wrong: wrong})
}

// asked finds the flow of the cookie and holds it to the state of the page.
func (rm *Room) asked(r *http.Request, state string) (*flow, string, error) {
	door := cookie(r, flowCookie)
	if door == "" || !seal.Equal(state, rm.state(door)) {
		return nil, "", fault.New(fault.Denied, "The login is not that of this browser. Please start again on your device.")
	}
	f, err := rm.flow(r.Context(), "door", door)
	return f, door, err
}

// grant lets the device in as whoever is signed in.
func (rm *Room) grant(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	f, door, err := rm.asked(r, r.PostForm.Get("stateToken"))
	if err != nil {
		return rm.lost(w, r, err)
	}
	p := who.From(r.Context())
	if ok, err := rm.mayGrant(w, r, f.name, "/login/v2/grant", rm.state(door)); !ok {
		return err
	}
	return rm.letIn(w, r, f, p.ID, p.Login, "")
}

// mayGrant asks for the password when it was typed long ago. When it returns
// false, the answer is sent or an error.
func (rm *Room) mayGrant(w http.ResponseWriter, r *http.Request, device, action, state string) (bool, error) {
	p := who.From(r.Context())
	if p.Via == who.ViaAppPassword {
		return false, fault.New(fault.Denied, "An app password cannot let another device in.")
	}
	if rm.recent(p) {
		return true, nil
	}
	_, err := rm.retype(r, r.PostForm.Get("password"))
	if errors.Is(err, fault.Denied) {
		return false, rm.showGrant(w, r, http.StatusForbidden, device, action, state, r.PostForm.Get("password") != "")
	}
	return err == nil, err
}

// grantByToken lets the device in with an app password that somebody typed.
func (rm *Room) grantByToken(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	f, _, err := rm.asked(r, r.PostForm.Get("stateToken"))
	if err != nil {
		return rm.lost(w, r, err)
	}
	p, secret, err := rm.typedToken(r)
	if err != nil {
		return rm.lost(w, r, err)
	}
	return rm.letIn(w, r, f, p.ID, p.Login, rm.box.Seal([]byte(secret), f.belongs()))
}

// typedToken checks an app password that somebody typed into a form.
func (rm *Room) typedToken(r *http.Request) (*who.Principal, string, error) {
	secret := r.PostForm.Get("password")
	p, err := rm.dir.SignIn(r.Context(), r.PostForm.Get("user"), secret, web.Network(web.VisitOf(r.Context()).Addr))
	switch {
	case errors.Is(err, fault.Anonymous), err == nil && p.Via != who.ViaAppPassword:
		return nil, "", fault.New(fault.Denied, "This is not a valid app password.")
	case err != nil:
		return nil, "", err
	}
	return p, secret, nil
}

func (rm *Room) letIn(w http.ResponseWriter, r *http.Request, f *flow, uid, login, sealed string) error {
	n, err := rm.db.Exec(r.Context(), "UPDATE signin_flow SET uid = ?, login = ?, sealed = ? WHERE id = ? AND uid = ''", uid, login, sealed, f.id)
	if err != nil {
		return err
	}
	if n == 0 {
		return rm.lost(w, r, fault.NotFound)
	}
	setCookie(w, r, flowCookie, "", -1)
	return rm.message(w, r, http.StatusOK, "Account connected", "Your device is now connected. You can close this window.")
}

// lost shows why a flow cannot go on (30-core/155: 403).
func (rm *Room) lost(w http.ResponseWriter, r *http.Request, err error) error {
	text := "This login has expired or was used already. Please start again on your device."
	switch {
	case errors.Is(err, fault.NotFound):
	case errors.Is(err, fault.Denied):
		text = web.Text(r, err)
	default:
		return err
	}
	return rm.message(w, r, http.StatusForbidden, "Access forbidden", text)
}

func (rm *Room) message(w http.ResponseWriter, r *http.Request, status int, heading, text string) error {
	return rm.pages["message"].Render(w, r, status, web.Tongue(r).Known(heading), map[string]any{"Heading": heading, "Text": text, "Good": status == http.StatusOK})
}
