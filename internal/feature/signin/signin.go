// Package signin is how people and their devices get in: the login page, the
// login flows that give a device an app password of its own, sessions, the list
// of devices and their remote wipe. It keeps the logins that devices have begun;
// accounts and tokens are core/identity's.
package signin

import (
	"context"
	"embed"
	"net/http"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

//go:embed pages/*.html
var pageFiles embed.FS

// Schema holds the table signin_flow.
var Schema = db.Schema{Room: "signin", Files: schema}

// Room is the way in.
type Room struct {
	Now  func() time.Time
	Home string // where people land after login
	// Paths tells where somebody sees nodes of the file tree, for app passwords that
	// are limited to some; nil: there is no file tree.
	Paths func(ctx context.Context, p *who.Principal, nodes []int64) (map[int64]string, error)
	// Passed tells whether a session was opened with all factors that its account
	// needs by now; nil: every session was. It is set before Plug.
	Passed func(ctx context.Context, p *who.Principal) (bool, error)
	// Script is the address of what offers further ways in on the login page; "":
	// there are none.
	Script string
	// Forgot is the address for who has forgotten the password; "": none.
	Forgot string
	// Doors are further ways in that the login page offers to who wants to go on to an
	// address of ours, or to ""; nil: there are none. It is set before Plug.
	Doors func(ctx context.Context, to string) ([]Door, error)
	// Leaving is told of a session that its owner ends, and names where else it ends,
	// or "". It may be nil, and is set before Plug.
	Leaving func(ctx context.Context, p *who.Principal) (string, error)
	// Renewed is told that one session has taken the place of another. It may be nil,
	// and is set before Plug.
	Renewed func(ctx context.Context, was, is int64) error
	// First is where people go who come before anybody has an account; "" or nil:
	// the login page.
	First func(ctx context.Context) (string, error)

	db    *db.DB
	dir   *identity.Directory
	box   *seal.Box
	pages map[string]*web.Template
	frame *web.Pages
}

// Door is a way in beside the password.
type Door struct {
	Label   string // what the button says, in the reader's language
	Address string
	Only    bool // people are sent there unasked
}

// Tokens are the request tokens of this instance, for the door's configuration.
func Tokens(box *seal.Box) web.RequestTokens {
	return web.RequestTokens{Key: box.Hash("request tokens")}
}

func (rm *Room) token(session int64) string { return Tokens(rm.box).Make(session) }

// New returns the room. It touches none of what it is given. The pages are part of the program, so that one that
// does not parse is an error at start.
func New(d *db.DB, dir *identity.Directory, box *seal.Box) (*Room, error) {
	frame, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	rm := &Room{Now: time.Now, Home: "/apps/files/", db: d, dir: dir, box: box, frame: frame,
		pages: map[string]*web.Template{}}
	for _, name := range []string{"login", "pick", "grant", "message"} {
		if rm.pages[name], err = frame.Parse(pageFiles, "pages/"+name+".html"); err != nil {
			return nil, err
		}
	}
	return rm, nil
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	*b.Auth = append(*b.Auth, Header{rm.dir}, whole{Cookie{rm.dir}, rm.Passed})
	if err := rm.frame.Assets(b.Web); err != nil {
		panic(err) // the files are part of the program
	}
	m := b.Web
	m.Handle("GET", "/", web.Public, rm.start)
	m.Handle("GET", "/login", web.Public, rm.loginPage)
	m.Handle("POST", "/login", web.Public|web.NoCSRF, rm.login)
	m.Handle("GET", "/logout", web.Public|web.Strict, rm.logout)
	m.Handle("POST", "/logout", web.Public|web.Strict, rm.logout)
	m.Handle("GET", "/csrftoken", web.Public, rm.csrfToken)
	m.Handle("GET", "/heartbeat", web.Public, heartbeat)
	m.Handle("POST", "/login/confirm", web.User, rm.confirm)

	m.Handle("POST", "/login/v2", web.Anyone|web.NoCSRF, rm.begin, web.PerMinute(120))
	m.Handle("POST", "/login/v2/poll", web.Anyone|web.NoCSRF, rm.poll)
	m.Handle("GET", "/login/v2/flow/{token}", web.Anyone, rm.arrive)
	m.Handle("GET", "/login/v2/flow", web.Public, rm.pick)
	m.Handle("GET", "/login/v2/grant", web.User|web.Page, rm.grantPage)
	m.Handle("POST", "/login/v2/grant", web.User|web.Page, rm.grant)
	m.Handle("POST", "/login/v2/apptoken", web.Public, rm.grantByToken)
	m.Handle("GET", "/login/flow", web.Public, rm.pickClassic)
	m.Handle("POST", "/login/flow", web.User|web.Page, rm.grantClassic)
	m.Handle("GET", "/login/flow/grant", web.User|web.Page, rm.grantPageClassic)
	m.Handle("POST", "/login/flow/apptoken", web.Public, rm.grantByTokenClassic)

	m.Handle("GET", "/settings/personal/authtokens", web.User, rm.listTokens)
	m.Handle("POST", "/settings/personal/authtokens", web.User|web.Confirmed, rm.createToken)
	m.Handle("DELETE", "/settings/personal/authtokens", web.User, rm.deleteTokens)
	m.Handle("GET", "/settings/personal/authtokens/kinds", web.User, listKinds)
	m.Handle("PUT", "/settings/personal/authtokens/{id}", web.User|web.Confirmed, rm.updateToken)
	m.Handle("DELETE", "/settings/personal/authtokens/{id}", web.User, rm.deleteToken)
	m.Handle("POST", "/settings/personal/authtokens/wipe/{id}", web.User|web.Confirmed, rm.askWipe)
	m.Handle("POST", "/core/wipe/check", web.Anyone|web.NoCSRF, rm.wipeCheck)
	m.Handle("POST", "/core/wipe/success", web.Anyone|web.NoCSRF, rm.wipeDone)

	ocs.Handle(b.OCS, "GET /core/getapppassword", web.User, rm.getAppPassword)
	ocs.Handle(b.OCS, "GET /core/getapppassword-onetime", web.Anyone|web.NoCSRF, rm.exchange, web.PerMinute(60))
	ocs.Handle(b.OCS, "DELETE /core/apppassword", web.User, rm.deleteAppPassword, web.In(who.SelfRoom))
	ocs.Handle(b.OCS, "POST /core/apppassword/rotate", web.User, rm.rotateAppPassword, web.In(who.SelfRoom))
	ocs.Handle(b.OCS, "PUT /core/apppassword/confirm", web.User, rm.confirmPassword)
	ocs.Handle(b.OCS, "POST /person/check", web.Anyone|web.NoCSRF, rm.personCheck)
}

// start sends people from the bare address on. Clients only want to see that it
// is no 401 (client-api 1).
func (rm *Room) start(w http.ResponseWriter, r *http.Request) error {
	to := "/login"
	if signedIn(r) {
		to = rm.Home
	} else if first, err := rm.first(r); err != nil {
		return err
	} else if first != "" {
		to = first
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
	return nil
}

func (rm *Room) first(r *http.Request) (string, error) {
	if rm.First == nil {
		return "", nil
	}
	return rm.First(r.Context())
}

func heartbeat(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil
}

// empty is what Nextcloud answers where there is nothing to say.
func empty(w http.ResponseWriter, status int) error {
	web.WriteJSON(w, status, []int{})
	return nil
}
