// Package scim lets an identity provider make, change and lock accounts and groups here
// by SCIM 2.0 (RFC 7643 and 7644), below /scim/v2. It keeps what the provider says of
// each, under an id that stays whatever is renamed; the accounts and groups themselves
// are core/identity's. A provider sees those only that it made or that an
// administrator gave it, and comes in by a token of its own that opens nothing else.
package scim

import (
	"context"
	"embed"
	"time"

	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables scim_token, scim_user and scim_group.
var Schema = db.Schema{Room: "scim", Files: schema}

const (
	app    = "scim"
	source = "scim" // of accounts
	base   = "/scim/v2"
)

var (
	onDelete = plug.Setting{App: app, Name: "on_delete", Kind: plug.SettingChoice, Default: "disable", OneOf: []string{"disable", "remove"}}
	adopt    = plug.Setting{App: app, Name: "adopt_accounts", Kind: plug.SettingYes, Default: "no"}
)

// Room is the server for providers.
type Room struct {
	Now func() time.Time

	db       *db.DB
	dir      *identity.Directory
	settings *settings.Store
	box      *seal.Box
	publish  func(ctx context.Context, tx *db.DB, ev event.AccountChanged) error
}

// New returns the room. publish tells of changes that the directory does not tell of.
func New(d *db.DB, dir *identity.Directory, s *settings.Store, box *seal.Box, publish func(ctx context.Context, tx *db.DB, ev event.AccountChanged) error) *Room {
	dir.OnRemoved(forgetUser)
	dir.OnGroupRemoved(forgetGroup)
	return &Room{Now: time.Now, db: d, dir: dir, settings: s, box: box, publish: publish}
}

// Name implements identity.Source.
func (rm *Room) Name() string { return source }

// Manages implements identity.Keeper: what the provider says cannot be changed here.
func (rm *Room) Manages(field string) bool { return field == "displayname" || field == "email" }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.dir.AddSource(rm)
	handle := func(method, path string, f handler) {
		b.Web.Handle(method, base+path, web.Anyone|web.NoCSRF, rm.enter(f), web.Errors(writeError), web.MaxBody(4<<20), web.In("scim"))
	}
	handle("GET", "/Users", rm.listUsers)
	handle("POST", "/Users", rm.createUser)
	handle("GET", "/Users/{id}", rm.showUser)
	handle("PUT", "/Users/{id}", rm.replaceUser)
	handle("PATCH", "/Users/{id}", rm.patchUser)
	handle("DELETE", "/Users/{id}", rm.deleteUser)
	handle("GET", "/Groups", rm.listGroups)
	handle("POST", "/Groups", rm.createGroup)
	handle("GET", "/Groups/{id}", rm.showGroup)
	handle("PUT", "/Groups/{id}", rm.replaceGroup)
	handle("PATCH", "/Groups/{id}", rm.patchGroup)
	handle("DELETE", "/Groups/{id}", rm.deleteGroup)
	handle("GET", "/ServiceProviderConfig", rm.features)
	handle("GET", "/ResourceTypes", listTypes)
	handle("GET", "/ResourceTypes/{name}", showType)
	handle("GET", "/Schemas", listSchemas)
	handle("GET", "/Schemas/{name}", showSchema)
	rm.api(b.OCS)
	b.Settings.Add(app, []plug.Setting{onDelete, adopt})
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
}

// chosen reads a setting.
func (rm *Room) chosen(ctx context.Context, s plug.Setting) (string, error) {
	v, err := rm.settings.Default(ctx, s.App, s.Name, s.Default)
	if err != nil {
		return "", err
	}
	return s.Parse(v)
}

// note writes into the audit log what the directory does not tell of.
func (rm *Room) note(ctx context.Context, uid, detail string) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error { return rm.noteIn(ctx, tx, uid, detail) })
}

func (rm *Room) noteIn(ctx context.Context, tx *db.DB, uid, detail string) error {
	return rm.publish(ctx, tx, event.AccountChanged{UID: uid, What: event.Provisioned, Detail: detail})
}
