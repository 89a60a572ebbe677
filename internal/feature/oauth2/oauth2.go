// Package oauth2 lets other programs use people's accounts with their consent, and
// lets people sign in elsewhere with their account here: an authorization server (OAuth
// 2.1) and OpenID provider. It keeps the clients, what each was granted, and the keys
// that sign. An access token is an app password of core/identity, with an end and a
// scope, so that lists of devices, revocation and narrow views know nothing of it.
// Addresses and the answers for classic clients are those of Nextcloud (sso.md 3).
package oauth2

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

//go:embed pages/*.html
var pageFiles embed.FS

// Schema holds the tables oauth2_client, oauth2_grant, oauth2_code, oauth2_refresh,
// oauth2_device, oauth2_assertion and oauth2_key.
var Schema = db.Schema{Room: "oauth2", Files: schema}

const (
	base = "/apps/oauth2"
	api  = base + "/api/v1"
)

// How long things live.
const (
	accessLife  = time.Hour
	foreignLife = 10 * time.Minute // access tokens for others cannot be called back
	codeLife    = 10 * time.Minute
	deviceLife  = 15 * time.Minute
	refreshLife = 90 * 24 * time.Hour // without use
	reuseKnown  = 30 * 24 * time.Hour // for so long the reuse of a refresh token is noticed
	grace       = 30 * time.Second    // for so long it is taken for a repeated request
)

// Room is the authorization server. Its fields are set before Plug.
type Room struct {
	Now func() time.Time
	// Rooms are the parts of the server that scopes may name.
	Rooms []string
	// Folder finds the node at a path in the file tree of an account; fault.NotFound.
	Folder func(ctx context.Context, uid, path string) (int64, error)
	// Token makes the request token of a session, for forms.
	Token func(session int64) string
	// Leave ends the session of a browser and tells where it goes when nobody else asks.
	Leave func(w http.ResponseWriter, r *http.Request) (next string, err error)

	db    *db.DB
	dir   *identity.Directory
	box   *seal.Box
	pages map[string]*web.Template
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory, box *seal.Box) (*Room, error) {
	frame, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	rm := &Room{Now: time.Now, db: d, dir: dir, box: box, pages: map[string]*web.Template{}}
	for _, name := range []string{"consent", "device", "message", "logout"} {
		if rm.pages[name], err = frame.Parse(pageFiles, "pages/"+name+".html"); err != nil {
			return nil, err
		}
	}
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		return errors.Join(
			drop(ctx, tx, "DELETE FROM oauth2_refresh WHERE given IN (SELECT id FROM oauth2_grant WHERE uid = ?)", uid),
			drop(ctx, tx, "DELETE FROM oauth2_grant WHERE uid = ?", uid),
			drop(ctx, tx, "DELETE FROM oauth2_code WHERE uid = ?", uid),
			drop(ctx, tx, "DELETE FROM oauth2_device WHERE uid = ?", uid))
	})
	return rm, nil
}

func drop(ctx context.Context, tx *db.DB, q string, args ...any) error {
	_, err := tx.Exec(ctx, q, args...)
	return err
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	m, program := b.Web, web.Anyone|web.NoCSRF
	m.Handle("GET", base+"/clients", web.Admin, rm.listClients)
	m.Handle("POST", base+"/clients", web.Admin|web.Confirmed, rm.createClient)
	m.Handle("DELETE", base+"/clients/{id}", web.Admin|web.Confirmed, rm.deleteClient)

	m.Handle("GET", base+"/authorize", web.Public, rm.authorize, web.PerMinute(120))
	m.Handle("POST", base+"/authorize", web.User|web.Page, rm.agree, web.PerMinute(60))
	m.Handle("GET", base+"/device", web.User|web.Page, rm.devicePage)
	m.Handle("POST", base+"/device", web.User|web.Page, rm.deviceAnswer, web.PerMinute(30))
	m.Handle("GET", base+"/logout", web.Public, rm.logout)
	m.Handle("POST", base+"/logout", web.Public, rm.logout)

	answers := []web.Option{web.Errors(writeError), web.PerMinute(600)}
	m.Handle("POST", api+"/token", program, rm.token, answers...)
	m.Handle("POST", api+"/device", program, rm.beginDevice, answers...)
	m.Handle("POST", api+"/revoke", program, rm.revoke, answers...)
	m.Handle("POST", api+"/introspect", program, rm.introspect, answers...)
	m.Handle("GET", api+"/userinfo", web.Anyone, rm.userinfo, answers...)
	m.Handle("POST", api+"/userinfo", program, rm.userinfo, answers...)
	m.Handle("GET", base+"/jwks", web.Anyone, rm.jwks, answers...)
	m.Handle("GET", "/.well-known/openid-configuration", web.Anyone, rm.discovery)
	m.Handle("GET", "/.well-known/oauth-authorization-server", web.Anyone, rm.discovery)
	for _, path := range []string{api + "/token", api + "/revoke", api + "/userinfo"} {
		m.Handle("OPTIONS", path, web.Anyone, preflight)
	}
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
	b.Jobs.Every("@every 1h", "oauth2.sweep", rm.sweep)
}

// sweep forgets what has ended.
func (rm *Room) sweep(ctx context.Context) error {
	now := rm.Now()
	return errors.Join(
		rm.endGrants(ctx, "expires < ?", now.Unix()),
		drop(ctx, rm.db, "UPDATE oauth2_refresh SET sealed = '' WHERE sealed <> '' AND used < ?", now.Add(-grace).Unix()),
		drop(ctx, rm.db, "DELETE FROM oauth2_refresh WHERE expires < ? OR used > 0 AND used < ?", now.Unix(), now.Add(-reuseKnown).Unix()),
		drop(ctx, rm.db, "DELETE FROM oauth2_code WHERE expires < ?", now.Add(-accessLife).Unix()),
		drop(ctx, rm.db, "DELETE FROM oauth2_device WHERE expires < ?", now.Unix()),
		drop(ctx, rm.db, "DELETE FROM oauth2_assertion WHERE expires < ?", now.Unix()),
		rm.ring().Sweep(ctx))
}

// cross lets scripts of any page read an answer that no cookie has part in.
func cross(w http.ResponseWriter) { w.Header().Set("Access-Control-Allow-Origin", "*") }

// preflight tells a browser that scripts of any page may call with a bearer token.
func preflight(w http.ResponseWriter, _ *http.Request) error {
	cross(w)
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.Header().Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// message is a page that says what cannot be.
func (rm *Room) message(w http.ResponseWriter, r *http.Request, status int, heading, text string) error {
	return rm.pages["message"].Render(w, r, status, web.Tongue(r).Known(heading), map[string]any{"Heading": heading, "Text": text})
}

// refuse shows a person why a request of a program cannot be. There is no address that
// the program could be told at.
func (rm *Room) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	switch {
	case errors.Is(err, fault.NotFound):
		return rm.message(w, r, http.StatusOK, "Unknown program", "The program that sent you here is not known. Ask the administrator to register it.")
	case errors.Is(err, fault.Invalid):
		return rm.message(w, r, http.StatusBadRequest, "Access forbidden", web.Text(r, err))
	}
	return err
}
