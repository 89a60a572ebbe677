package exapps

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/feature/exapps/calls"
	"atrium/internal/feature/exapps/lately"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables exapps_app, exapps_daemon, exapps_user, exapps_used,
// exapps_config and exapps_part.
var Schema = db.Schema{Room: "exapps", Files: schema}

// Room keeps the apps. The fields may be set before Plug.
type Room struct {
	Now func() time.Time
	Log *slog.Logger
	// Publish tells others that an app acts for somebody, and what it has to say to people.
	Publish func(ctx context.Context, tx *db.DB, ev bus.Event) error
	// Base is the public address without a slash at the end.
	Base string

	db     *db.DB
	dir    *identity.Directory
	box    *seal.Box
	calls  *calls.Caller
	limits lately.Limits
	trust  lately.Seen // addresses that have shown a right secret
	noted  lately.Seen // what the audit log was told
	start  *jobs.Kind[begin]
	enable *jobs.Kind[string]
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory, box *seal.Box) *Room {
	rm := &Room{Now: time.Now, Log: slog.New(slog.DiscardHandler), Publish: func(context.Context, *db.DB, bus.Event) error { return nil },
		db: d, dir: dir, box: box, calls: calls.New(), trust: lately.Seen{Lasts: 10 * time.Minute}, noted: lately.Seen{Lasts: noteEvery}}
	dir.OnRemoved(forget)
	return rm
}

// Close lets the connections to apps go.
func (rm *Room) Close() error { return rm.calls.Close() }

// forget drops what was kept for an account that is removed.
func forget(ctx context.Context, tx *db.DB, uid string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM exapps_user WHERE uid = ?", uid); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM exapps_config WHERE uid = ?", uid)
	return err
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	*b.Auth = append(*b.Auth, rm)
	rm.start = jobs.Define(b.Jobs, "exapps.start", rm.begin)
	rm.enable = jobs.Define(b.Jobs, "exapps.enable", rm.run)
	b.Jobs.Every("@every 10m", "exapps.sweep", rm.sweep)
	b.Caps.Add("app_api", caps)
	b.PublicCaps.Add("app_api", publicCaps)
	b.Caps.Add("app_ecosystem_v2", rm.seedCaps)
	b.PublicCaps.Add("app_ecosystem_v2", publicSeedCaps)

	const daemons = apiRoot + "/daemons"
	b.Web.Handle("GET", daemons, web.Admin, rm.listDaemons)
	b.Web.Handle("POST", daemons, web.Admin|web.Confirmed, rm.createDaemon)
	b.Web.Handle("DELETE", daemons+"/{name}", web.Admin|web.Confirmed, rm.deleteDaemon)
	for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		b.Web.Handle(method, proxyRoot+"/{app}/{path...}", web.Public, rm.proxy, web.In("app_api"), web.MaxBody(-1))
	}
	rm.plugOCS(b.OCS)
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
}

// plugOCS registers the endpoints, most of them for both protocols.
func (rm *Room) plugOCS(m *ocs.Mux) {
	app := func(method, path string, f appEndpoint) {
		ocs.Handle(m, method+" "+path, web.Anyone|web.NoCSRF, rm.asApp(f))
	}
	app("GET", apiRoot+"/ex-app/state", rm.state)
	app("PUT", apiRoot+"/ex-app/status", rm.progress)
	app("PUT", apiRoot+"/apps/status/{app}", rm.progress)
	for _, root := range []string{apiRoot + "/api/v1", seedRoot + "/api/v1"} {
		app("POST", root+"/log", rm.write)
		app("GET", root+"/users", rm.users)
		app("POST", root+"/ex-app/config", rm.setPair)
		app("POST", root+"/ex-app/config/get-values", rm.getPairs)
		app("DELETE", root+"/ex-app/config", rm.deletePairs)
		app("POST", root+"/ex-app/preference", ofPerson(rm.setPair))
		app("POST", root+"/ex-app/preference/get-values", ofPerson(rm.getPairs))
		app("DELETE", root+"/ex-app/preference", ofPerson(rm.deletePairs))
		app("POST", root+"/notification", rm.notify)
		ocs.Handle(m, "PUT "+root+"/ex-app/{app}/consent", web.User, rm.consent)
		ocs.Handle(m, "DELETE "+root+"/ex-app/{app}/consent", web.User, rm.withdraw)
	}
	app("GET", seedRoot+"/api/v1/ex-app/all", rm.listForApps)
	app("POST", seedRoot+"/api/v1/files/actions/menu", rm.addSeedAction)
	app("DELETE", seedRoot+"/api/v1/files/actions/menu", rm.removeSeedAction)

	const v1 = apiRoot + "/api/v1"
	ocs.Handle(m, "GET "+v1+"/ex-app/all", web.Admin, rm.listAll)
	ocs.Handle(m, "GET "+v1+"/ex-app/enabled", web.Admin, rm.listEnabled)
	ocs.Handle(m, "GET "+v1+"/ex-app/info/{app}", web.Admin, rm.info)
	ocs.Handle(m, "PUT "+v1+"/ex-app/{app}/enabled", web.Admin|web.Confirmed, rm.switchApp)
	ocs.Handle(m, "GET "+v1+"/info/nextcloud_url", web.User, rm.baseURL)
	app("GET", v1+"/info/nextcloud_url/absolute", rm.absoluteURL)
	for _, k := range partKinds() {
		for _, path := range k.paths {
			app("POST", apiRoot+path, rm.addPart(k))
			app("DELETE", apiRoot+path, rm.removePart(k))
			app("GET", apiRoot+path, rm.getPart(k))
		}
	}
	ocs.Handle(m, "GET "+v1+"/ui", web.User, rm.listParts)
}

// The addresses of the endpoints of both protocols.
const (
	apiRoot  = scope.API
	seedRoot = scope.Seed
)

// The versions that apps read: of today's protocol and of the signed one.
const (
	apiVersion  = "32.0.0"
	seedVersion = "1.0.0"
)

// logLevel is what apps shall log at least: warnings.
const logLevel = 2

// capability is a section of the capabilities (34-apps/350, 30-core/003).
type capability struct {
	LogLevel int      `json:"loglevel,omitempty"`
	Version  string   `json:"version"`
	Scopes   []string `json:"scopes,omitempty"`
}

func caps(context.Context, *http.Request) any {
	return capability{LogLevel: logLevel, Version: apiVersion}
}

func publicCaps(context.Context, *http.Request) any { return capability{Version: apiVersion} }

// seedCaps tells an app its scopes besides.
func (rm *Room) seedCaps(ctx context.Context, _ *http.Request) any {
	c := capability{LogLevel: logLevel, Version: seedVersion}
	if p := who.From(ctx); p != nil && p.App != "" {
		if a, err := rm.App(ctx, p.App); err == nil { // else it is being removed, and has none
			c.Scopes = a.Scopes
		}
	}
	return c
}

func publicSeedCaps(context.Context, *http.Request) any { return capability{Version: seedVersion} }
