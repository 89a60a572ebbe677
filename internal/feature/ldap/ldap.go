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
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables ldap_config, ldap_group and ldap_gone.
var Schema = db.Schema{Room: "ldap", Files: schema}

// Source is what the directory of accounts calls those that come from here.
const Source = "user_ldap"

// Room is the directories.
type Room struct {
	Now func() time.Time
	Log *slog.Logger

	db  *db.DB
	dir *identity.Directory
	box *seal.Box

	mu    sync.Mutex
	pools map[string]*pool // by configuration
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory, box *seal.Box) *Room {
	rm := &Room{Now: time.Now, Log: slog.New(slog.DiscardHandler), db: d, dir: dir, box: box, pools: map[string]*pool{}}
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM ldap_gone WHERE uid = ?", uid)
		return err
	})
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
	b.Jobs.Every("@every 15m", "ldap.sync", rm.syncJob)
}
