// Package saml lets people in whom a SAML 2.0 identity provider vouches for, or a
// proxy in front of us: the sign-in in a browser and the logout that either side
// begins. It keeps the providers, which sessions came from where, and which assertions
// were used; accounts, groups and sessions are core/identity's, and the login page is
// another room's. Names and rules that scripts rely on are those of Nextcloud's
// user_saml (sso.md 2).
//
// Messages are checked here (verify.go) with goxmldsig, and not by a service provider
// of a library, so that exactly the bytes that were signed are read, by our clock.
package saml

import (
	"cmp"
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
	"atrium/internal/feature/saml/empty"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

//go:embed pages/*.html
var pageFiles embed.FS

// Schema holds the tables saml_config, saml_session, saml_used and saml_empty.
var Schema = db.Schema{Room: "saml", Files: schema}

const (
	app  = "user_saml" // of our settings
	base = "/apps/user_saml/saml"
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
	// Home is the address of this server outside of requests. It is set before Plug.
	Home string

	// SetHome says by which name the home of an account stands on the disk; "" leaves it. It
	// is set before Plug; nil: no home has a name.
	SetHome func(ctx context.Context, uid, name string) error

	db       *db.DB
	dir      *identity.Directory
	settings *settings.Store
	box      *seal.Box
	entry    Entry
	sessions *vouch.Sessions
	empty    *empty.Groups
	refusal  *web.Refusal
	post     *web.Template
	choose   *web.Template
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory, s *settings.Store, box *seal.Box, in Entry) (*Room, error) {
	frame, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	rm := &Room{Now: time.Now, Log: slog.New(slog.DiscardHandler), db: d, dir: dir, settings: s, box: box, entry: in,
		sessions: vouch.NewSessions(d, dir, box, "saml_session"), empty: empty.New(d, dir, Source)}
	rm.sessions.Now = func() time.Time { return rm.Now() }
	if rm.refusal, err = frame.Refusal(); err != nil {
		return nil, err
	}
	if rm.post, err = frame.Parse(pageFiles, "pages/post.html"); err != nil {
		return nil, err
	}
	rm.choose, err = frame.Parse(pageFiles, "pages/choose.html")
	return rm, err
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.dir.AddSource(rm)
	m := b.Web
	m.Handle("GET", base+"/login", web.Public, rm.begin, web.PerMinute(120))
	m.Handle("GET", base+"/metadata", web.Public, rm.metadata)
	m.Handle("POST", base+"/acs", web.Anyone|web.NoCSRF, rm.arrive, web.PerMinute(120), web.MaxBody(2*maxMessage))
	m.Handle("GET", base+"/sls", web.Public, rm.sls, web.PerMinute(600))
	m.Handle("POST", base+"/sls", web.Anyone|web.NoCSRF, rm.slsPosted, web.PerMinute(600), web.MaxBody(2*maxMessage))
	m.Handle("GET", base+"/selectUserBackEnd", web.Public, rm.chooser)
	m.Handle("GET", base+"/notProvisioned", web.Public, rm.end)
	m.Handle("GET", base+"/notPermitted", web.Public, rm.end)
	m.Handle("GET", base+"/error", web.Public, rm.end)
	for _, c := range rm.commands() {
		b.CLI.Add(strings.Fields(c.Use)[0], c)
	}
	rm.api(b.OCS)
	b.Settings.Add(app, adjustable)
	b.Jobs.Every("daily 04:20", "saml.sweep", rm.sweep)
}

// Values of the setting "type": how people are vouched for.
const (
	byProvider = "saml"
	byProxy    = "environment-variable"
)

// adjustable are the settings that hold for all providers.
var adjustable = []plug.Setting{
	{App: app, Name: "type", Kind: plug.SettingChoice, Default: "", OneOf: []string{"", byProvider, byProxy}},
	{App: app, Name: "general-require_provisioned_account", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "general-adopt_accounts", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "general-allow_multiple_user_back_ends", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "general-keep_groups", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "allow_insecure_http", Kind: plug.SettingOne, Default: "0"},
}

// setting is the value of one that holds for all providers.
func (rm *Room) setting(ctx context.Context, name string) (string, error) {
	for _, s := range adjustable {
		if s.Name != name {
			continue
		}
		v, err := rm.settings.Default(ctx, app, name, s.Default)
		if err != nil {
			return "", err
		}
		return s.Parse(v)
	}
	return "", errors.New("no setting " + name)
}

// on tells whether a setting that is "1" or "0" is on.
func (rm *Room) on(ctx context.Context, name string) (bool, error) {
	v, err := rm.setting(ctx, name)
	return v == "1", err
}

// sweep forgets what has ended: sessions, and assertions that are too old to come
// again.
func (rm *Room) sweep(ctx context.Context) error {
	if _, err := rm.db.Exec(ctx, "DELETE FROM saml_used WHERE until < ?", rm.Now().Unix()); err != nil {
		return err
	}
	return errors.Join(rm.sessions.Sweep(ctx), rm.sweepGroups(ctx))
}

// sweepGroups removes groups that have stood empty for long, unless they are to stay.
func (rm *Room) sweepGroups(ctx context.Context) error {
	keep, err := rm.on(ctx, "general-keep_groups")
	if err != nil {
		return err
	}
	if keep {
		return rm.empty.Forget(ctx)
	}
	gone, err := rm.empty.Sweep(ctx, rm.Now())
	if len(gone) > 0 {
		rm.Log.Info("empty groups of SAML providers are removed", "groups", gone)
	}
	return err
}

// Door is a provider on the login page.
type Door struct {
	Label, Address string
	Only           bool // it is the only way in: people are sent there unasked
}

// Doors are the providers, for who wants to go on to an address of ours or to "".
// Several that are the only ways in are one door, behind which people choose.
func (rm *Room) Doors(ctx context.Context, to string) ([]Door, error) {
	kind, err := rm.setting(ctx, "type")
	if err != nil || kind == "" {
		return nil, err
	}
	others, err := rm.on(ctx, "general-allow_multiple_user_back_ends")
	if err != nil {
		return nil, err
	}
	all, err := rm.complete(ctx)
	if err != nil {
		return nil, err
	}
	if kind == byProxy {
		return []Door{{Label: "SSO", Address: loginAt(0, to), Only: !others}}, nil
	}
	if len(all) > 1 && !others {
		return []Door{{Label: "SAML", Address: base + "/selectUserBackEnd?redirectUrl=" + url.QueryEscape(to), Only: true}}, nil
	}
	var doors []Door
	for _, c := range all {
		doors = append(doors, Door{Label: c.Name(), Address: loginAt(c.ID, to), Only: !others})
	}
	return doors, nil
}

// complete returns the providers that can be used.
func (rm *Room) complete(ctx context.Context) (all []*Config, err error) {
	some, err := rm.Configs(ctx)
	for _, c := range some {
		if c.Complete() {
			all = append(all, c)
		}
	}
	return all, err
}

// loginAt is the address at which a login begins; id 0 is a proxy's.
func loginAt(id int64, to string) string {
	q := url.Values{}
	if id != 0 {
		q.Set("idp", strconv.FormatInt(id, 10))
	}
	if to != "" {
		q.Set("originalUrl", to)
	}
	if len(q) == 0 {
		return base + "/login"
	}
	return base + "/login?" + q.Encode()
}

// at is where a provider finds our addresses. Who was registered there by an address
// with index.php in it keeps it.
func (rm *Room) at(ctx context.Context, c *Config) string {
	home := rm.Home
	if v := web.VisitOf(ctx); v.Host != "" {
		home = v.Base()
	}
	if strings.Contains(c.get("sp-entityId"), "/index.php/") {
		home += "/index.php"
	}
	return home + base
}

// entity is what a provider calls us.
func (rm *Room) entity(ctx context.Context, c *Config) string {
	return cmp.Or(c.get("sp-entityId"), rm.at(ctx, c)+"/metadata")
}
