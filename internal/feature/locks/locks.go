// Package locks keeps others from changing what somebody works on: the write
// locks of WebDAV (RFC 4918 6, 7), which office programs take, and the locks that
// people set by hand in the official clients (client-api 3.4). It does not know
// what a file holds, and reading is never locked.
//
// No lock outlives its holder for long: each has an end, and an owner with a name,
// a program and a time that everybody sees who sees the file. Whoever owns the
// file may break it, and so may an administrator with files:lock.
package locks

import (
	"context"
	"embed"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table filelock. It takes over what stood in davlock, so that it
// comes after the schema of davfiles, which made that.
var Schema = db.Schema{Room: "locks", Files: schema}

// Room keeps the locks.
type Room struct {
	Now func() time.Time

	db       *db.DB
	files    *files.Service
	settings *settings.Store
}

// New returns the room. The locks of an account go with it.
func New(d *db.DB, f *files.Service, people *identity.Directory, s *settings.Store) *Room {
	people.OnRemoved(forget)
	return &Room{Now: time.Now, db: d, files: f, settings: s}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.DAV.Locks("files", locker{rm})
	b.DAV.Props("files", props{rm})
	b.Hook.Guards = append(b.Hook.Guards, guard{rm})
	b.Settings.Add("locks", []plug.Setting{{App: "files_lock", Name: "lock_timeout", Kind: plug.SettingNumber,
		Default: strconv.Itoa(int(handDefault / time.Minute)), Min: 1, Max: int64(handMost / time.Minute)}})
	b.Jobs.Every("@every 1m", "locks.expire", rm.Expire)
	ocs.Handle(b.OCS, "PUT /apps/files_lock/lock/{fileId}", web.User, rm.putLock, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, "DELETE /apps/files_lock/lock/{fileId}", web.User, rm.deleteLock, web.In(who.FilesRoom))
	b.Caps.Add("files.locking", func(context.Context, *http.Request) any { return "1.0" })
	b.Caps.Add("files.api-feature-lock-type", func(context.Context, *http.Request) any { return true })
	c := &cobra.Command{Use: "files:lock [FILEID]", Args: cobra.MaximumNArgs(1), RunE: rm.command,
		Short: "List what is locked, by whom and until when, or end the locks of a file"}
	c.Flags().Bool("unlock", false, "End the locks on this file or folder, whoever holds them")
	b.CLI.Add("files:lock", c)
}
