// Package davfiles shows the file tree over WebDAV: /remote.php/dav/files/{user}
// and the legacy /remote.php/webdav, chunked and bulk uploads, archives of
// folders, favourites, dead properties and search. It keeps what only
// DAV knows of a file; names and bytes are core/files' business.
package davfiles

import (
	"context"
	"embed"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables favorite, deadprop, upload and chunk, and davlock, whose
// rows the room of locks has taken over.
var Schema = db.Schema{Room: "davfiles", Files: schema}

// Room is the DAV view of files.
type Room struct {
	db       *db.DB
	files    *files.Service
	content  *content.Store
	instance string // the suffix of oc:id
	filters  *filters
	Now      func() time.Time
	// Publish tells of favourites; nil: nobody is told. It is set before Plug.
	Publish files.Publish
}

// New returns the room. instance is the id of this installation.
func New(d *db.DB, f *files.Service, c *content.Store, instance string) *Room {
	return &Room{db: d, files: f, content: c, instance: instance, Now: time.Now}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.filters = &b.Filters
	b.DAV.Mount("files", collection{rm})
	b.DAV.Props("files", props{rm})
	b.DAV.Mount("uploads", uploads{rm})
	b.DAV.Props("uploads", uploadProps{})
	b.DAV.Alias("/remote.php/webdav", "files", Own)
	b.DAV.Alias("/remote.php/files", "files", Own)
	b.Hook.Copied = append(b.Hook.Copied, rm.CopyProps)
	at := func(prefix, room string, h web.Handler) {
		b.Web.Prefix(prefix, web.User|web.Basic, h, web.In(room), web.Errors(dav.WriteError), web.MaxBody(-1))
	}
	at("/remote.php/dav", who.AccountRoom, b.DAV.Serve)
	for _, p := range []string{"/remote.php/dav/files", "/remote.php/dav/uploads", "/remote.php/files", "/remote.php/webdav"} {
		at(p, who.FilesRoom, b.DAV.Serve)
	}
	at("/remote.php/dav/bulk", who.FilesRoom, rm.serveBulk)
	b.Web.Handle("POST", "/apps/files/api/v1/files/{path...}", web.User, rm.setTags, web.In(who.FilesRoom))
	b.Jobs.Every("@every 10m", "davfiles.uploads", rm.ExpireUploads)
	b.Jobs.Every("daily 03:40", "davfiles.tidy", rm.Tidy)
	b.Caps.Add("dav", davCaps)
	b.Caps.Add("files", filesCaps)
	b.Caps.Add("checksums", checksumCaps)
}

// view is the tree of whoever makes the request.
func (rm *Room) view(ctx context.Context) (*files.View, error) {
	return rm.files.As(ctx, who.From(ctx))
}

// Own is the path of the user's files in the mount, for the legacy URLs.
func Own(ctx context.Context) (string, error) {
	p := who.From(ctx)
	if p == nil {
		return "", fault.New(fault.Anonymous, "You are not signed in.")
	}
	return "/" + p.Home(), nil
}
