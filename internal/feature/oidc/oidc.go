// Package oidc lets people in whom an OpenID provider vouches for: the sign-in in a
// browser by authorization code, the bearer tokens of a provider at our APIs, and the
// logout that either side begins. It keeps the providers and which sessions came from
// where; accounts, groups and sessions are core/identity's, and the login page is
// another room's. Names and rules that scripts rely on are those of Nextcloud's
// user_oidc (sso.md 1).
package oidc

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables oidc_provider, oidc_session, oidc_key and oidc_renewal.
var Schema = db.Schema{Room: "oidc", Files: schema}

const (
	app  = "user_oidc" // of our settings
	base = "/apps/user_oidc"
)

// Entry begins sessions.
type Entry interface {
	// Enter begins a session of an account, or half of one if it has to show a second
	// factor, and tells where to send the browser that wants to go to an address.
	Enter(w http.ResponseWriter, r *http.Request, u *identity.User, to string) (token int64, next string, err error)
}

// Room is the providers.
type Room struct {
	Now func() time.Time
	Log *slog.Logger
	// Rooms are the parts of the server that scopes may name. It is set before Plug.
	Rooms []string
	// Folder finds the node at a path in the file tree of an account, for scopes that
	// name one; fault.NotFound. It is set before Plug.
	Folder func(ctx context.Context, uid, path string) (int64, error)

	// Portraits keeps people's pictures. It is set before Plug; nil: nobody does.
	Portraits Portraits

	db       *db.DB
	dir      *identity.Directory
	settings *settings.Store
	box      *seal.Box
	entry    Entry
	remotes  remotes
	refusal  *web.Refusal
	sessions *vouch.Sessions
	pictures *jobs.Kind[wantedPicture]
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory, s *settings.Store, box *seal.Box, in Entry) (*Room, error) {
	frame, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	rm := &Room{Now: time.Now, Log: slog.New(slog.DiscardHandler), db: d, dir: dir, settings: s, box: box, entry: in,
		sessions: vouch.NewSessions(d, dir, box, "oidc_session")}
	rm.sessions.Now = func() time.Time { return rm.Now() }
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM oidc_renewal WHERE uid = ?", uid)
		return err
	})
	rm.refusal, err = frame.Refusal()
	return rm, err
}

// Plug implements plug.Room. It comes before the room that takes app passwords,
// which knows no other bearer tokens.
func (rm *Room) Plug(b *plug.Board) {
	rm.dir.AddSource(rm)
	*b.Auth = append(*b.Auth, web.Authenticator(bearer{rm}))
	m := b.Web
	m.Handle("GET", base+"/login/{id}", web.Public, rm.begin, web.PerMinute(120))
	m.Handle("GET", base+"/code", web.Public, rm.finish, web.PerMinute(120))
	m.Handle("GET", base+"/sls", web.Public, rm.signOut)
	m.Handle("POST", base+"/backchannel-logout/{name}", web.Anyone|web.NoCSRF, rm.backChannel, web.PerMinute(600))
	m.Handle("GET", base+"/frontchannel-logout/{name}", web.Anyone, rm.frontChannel, web.PerMinute(600))
	m.Handle("GET", base+"/jwks", web.Anyone, rm.jwks, web.PerMinute(600))
	for _, c := range rm.commands() {
		b.CLI.Add(strings.Fields(c.Use)[0], c)
	}
	rm.api(b.OCS)
	b.Settings.Add(app, adjustable)
	rm.pictures = jobs.Define(b.Jobs, "oidc.picture", rm.fetchPicture)
	b.Jobs.Every("@every 1m", "oidc.renew", rm.renew)
	b.Jobs.Every("daily 04:10", "oidc.sweep", rm.sweep)
}

// sweep forgets what has ended.
func (rm *Room) sweep(ctx context.Context) error {
	return errors.Join(rm.sessions.Sweep(ctx), rm.ring().Sweep(ctx))
}

// adjustable are the settings that hold for all providers.
var adjustable = []plug.Setting{
	{App: app, Name: "auto_provision", Kind: plug.SettingOne, Default: "1"},
	{App: app, Name: "soft_auto_provision", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "disable_account_creation", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "allow_multiple_user_backends", Kind: plug.SettingOne, Default: "1"},
	{App: app, Name: "allow_insecure_http", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "single_logout", Kind: plug.SettingOne, Default: "1"},
	{App: app, Name: "login_label", Kind: plug.SettingText, Default: "Login with {name}"},
}

// on tells whether a setting that is "1" or "0" is on.
func (rm *Room) on(ctx context.Context, name string) (bool, error) {
	for _, s := range adjustable {
		if s.Name != name {
			continue
		}
		v, err := rm.settings.Default(ctx, app, name, s.Default)
		if err != nil {
			return false, err
		}
		v, err = s.Parse(v)
		return v == "1", err
	}
	return false, errors.New("no setting " + name)
}

func (rm *Room) insecure(ctx context.Context) (bool, error) { return rm.on(ctx, "allow_insecure_http") }

// rules reads what holds for all providers.
func (rm *Room) rules(ctx context.Context) (r vouch.Rules, err error) {
	var never bool
	for name, to := range map[string]*bool{"auto_provision": &r.Provision, "soft_auto_provision": &r.Adopt, "disable_account_creation": &never} {
		if *to, err = rm.on(ctx, name); err != nil {
			return r, err
		}
	}
	r.Create = !never
	return r, nil
}

// Door is a provider on the login page.
type Door struct {
	Label, Address string
	Only           bool // it is the only way in: people are sent there unasked
}

// Doors are the providers, for who wants to go on to an address of ours or to "".
func (rm *Room) Doors(ctx context.Context, to string) ([]Door, error) {
	all, err := rm.Providers(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	others, err := rm.on(ctx, "allow_multiple_user_backends")
	if err != nil {
		return nil, err
	}
	label, err := rm.settings.Default(ctx, app, "login_label", "Login with {name}")
	if err != nil {
		return nil, err
	}
	var doors []Door
	for _, p := range all {
		address := base + "/login/" + strconv.FormatInt(p.ID, 10)
		if to != "" {
			address += "?redirectUrl=" + url.QueryEscape(to)
		}
		doors = append(doors, Door{Label: strings.ReplaceAll(label, "{name}", p.Name), Address: address, Only: !others && len(all) == 1})
	}
	return doors, nil
}
