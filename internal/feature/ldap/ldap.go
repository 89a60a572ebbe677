// Package ldap lets people in whom a directory knows, such as OpenLDAP or Active
// Directory: it checks their passwords by a bind, and keeps their accounts and
// groups as the directory says, at each sign-in and by a sync in the background. It
// keeps how the directories are reached, which group of ours is which of theirs, and
// who is no longer found there; accounts, groups and sessions are core/identity's.
// Names that scripts rely on are those of Nextcloud's user_ldap (sso.md 4).
package ldap

import (
	"context"
	"embed"
	"log/slog"
	"strings"
	"sync"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/feature/ldap/gone"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables ldap_config, ldap_group, ldap_gone and ldap_picture.
var Schema = db.Schema{Room: "ldap", Files: schema}

// Source is what the directory of accounts calls those that come from here.
const Source = "user_ldap"

// Room is the directories.
type Room struct {
	Now func() time.Time
	Log *slog.Logger
	// SetPortrait takes the picture that somebody has in a directory, with another mark when
	// it is another; an empty one is none. What cannot be read is fault.Invalid. It is set
	// before Plug; nil: nobody keeps pictures.
	SetPortrait func(ctx context.Context, uid, source, mark string, raw []byte) error

	// SetHome says by which name the home of an account stands on the disk; what cannot be
	// is fault.Invalid or fault.Conflict. It is set before Plug; nil: no home has a name.
	SetHome func(ctx context.Context, uid, name string) error

	db  *db.DB
	dir *identity.Directory
	box *seal.Box

	gone *gone.List // accounts whose entries are not found any more

	mu    sync.Mutex
	pools map[string]*pool // by configuration

	arrived *jobs.Kind[arrival]
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory, box *seal.Box) *Room {
	rm := &Room{Now: time.Now, Log: slog.New(slog.DiscardHandler), db: d, dir: dir, box: box, pools: map[string]*pool{}, gone: gone.New(d, dir, Source)}
	rm.gone.Now = func() time.Time { return rm.Now() }
	dir.OnGroupRemoved(func(ctx context.Context, tx *db.DB, gid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM ldap_group WHERE gid = ?", gid)
		return err
	})
	return rm
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.dir.AddSource(rm)
	for _, c := range rm.commands() {
		b.CLI.Add(strings.Fields(c.Use)[0], c)
	}
	rm.api(b.OCS)
	rm.arrived = jobs.Define(b.Jobs, "ldap.picture", rm.welcome)
	b.Jobs.Every("@every 15m", "ldap.sync", rm.syncJob)
}
