// Package comments keeps what people write about files and folders, for all to
// read who see the file (client-api 5, 15-dav-comments). A comment is plain text;
// @name in it mentions an account. It knows no file but by its node, and tells
// nobody of a comment itself: it publishes facts and notices.
package comments

import (
	"context"
	"embed"
	"net/http"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/files/tidy"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables comment and comment_read.
var Schema = db.Schema{Room: "comments", Files: schema}

// Room keeps the comments.
type Room struct {
	Now func() time.Time

	db      *db.DB
	files   *files.Service
	publish files.Publish
}

// New returns the room. The comments of an account that goes stay, without a name.
func New(d *db.DB, f *files.Service, people *identity.Directory, publish files.Publish) *Room {
	people.OnRemoved(forget)
	return &Room{Now: time.Now, db: d, files: f, publish: publish}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.DAV.Mount("comments", collection{rm})
	b.DAV.Props("comments", commentProps{rm})
	b.DAV.Props("files", fileProps{rm})
	b.Web.Prefix("/remote.php/dav/comments", web.User|web.Basic, b.DAV.Serve, web.In(who.FilesRoom), web.Errors(dav.WriteError), web.MaxBody(1<<20))
	b.Web.Handle("GET", "/apps/comments/notifications/view/{id}", web.User|web.Page, rm.view, web.In(who.FilesRoom))
	b.Jobs.Every("daily 03:55", "comments.tidy", rm.Tidy)
	b.Search.Add("comments", finder{rm})
	b.Caps.Add("files.comments", func(context.Context, *http.Request) any { return true })
}

// Tidy forgets the comments on what was purged.
func (rm *Room) Tidy(ctx context.Context) error {
	err := tidy.Table(ctx, rm.db, rm.files, "SELECT DISTINCT node FROM comment WHERE node > ? ORDER BY node LIMIT ?", "DELETE FROM comment WHERE node IN (?)")
	if err != nil {
		return err
	}
	return tidy.Table(ctx, rm.db, rm.files, "SELECT DISTINCT node FROM comment_read WHERE node > ? ORDER BY node LIMIT ?", "DELETE FROM comment_read WHERE node IN (?)")
}
