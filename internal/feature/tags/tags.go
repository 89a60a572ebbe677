// Package tags keeps labels that people put on files and folders for all to see
// who see the file (system tags; client-api 5, 16-dav-systemtags). Some can be
// assigned by everybody, restricted ones by some groups, and invisible ones, for
// rules of the administration, are seen by administrators alone. It knows no file
// but by its node.
package tags

import (
	"context"
	"embed"
	"net/http"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables systemtag, systemtag_group, systemtag_file and
// systemtag_used.
var Schema = db.Schema{Room: "tags", Files: schema}

// Room keeps the tags.
type Room struct {
	Now func() time.Time

	db       *db.DB
	files    *files.Service
	settings *settings.Store
	publish  files.Publish
}

// New returns the room.
func New(d *db.DB, f *files.Service, people *identity.Directory, s *settings.Store, publish files.Publish) *Room {
	people.OnRemoved(forget)
	return &Room{Now: time.Now, db: d, files: f, settings: s, publish: publish}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	for name, c := range map[string]dav.Collection{"systemtags": catalogue{rm}, "systemtags-relations": relations{rm}, "systemtags-assigned": assigned{rm}} {
		b.DAV.Mount(name, c)
		b.DAV.Props(name, tagProps{rm})
		b.Web.Prefix("/remote.php/dav/"+name, web.User|web.Basic, b.DAV.Serve, web.In(who.FilesRoom), web.Errors(dav.WriteError), web.MaxBody(1<<20))
	}
	b.DAV.Props("files", fileProps{rm})
	b.Settings.Add("tags", []plug.Setting{{App: "systemtags", Name: "restrict_creation_to_admin", Kind: plug.SettingYes, Default: "no"}})
	b.Filters.Add("systemtag", rm.carrying)
	b.Filters.Add("system-tags", rm.carryingNamed)
	b.Web.Handle("GET", "/apps/systemtags/lastused", web.User, rm.lastUsed, web.In(who.FilesRoom))
	b.Hook.Copied = append(b.Hook.Copied, rm.copied)
	b.Jobs.Every("daily 03:50", "tags.tidy", rm.Tidy)
	b.Search.Add("systemtags", finder{rm})
	b.Caps.Add("systemtags", func(context.Context, *http.Request) any {
		return struct {
			Enabled bool `json:"enabled"`
		}{true}
	})
	rm.commands(b)
}

// lastUsed lists the ids of the tags that the caller assigned last
// (16-dav-systemtags/068).
func (rm *Room) lastUsed(w http.ResponseWriter, r *http.Request) error {
	ids, err := rm.used(r.Context(), who.From(r.Context()).ID)
	if err == nil {
		web.WriteJSON(w, http.StatusOK, ids)
	}
	return err
}
