// Package versions keeps what files held before: a row for each content that was
// replaced, with the reference that the file had, so that no byte is copied.
// Versions hang on a file's id; they stay through renames, moves and the trash, and
// go when the file goes for good. They are thinned with their age. The package
// knows no paths and no shares: who sees a file sees its versions.
package versions

import (
	"context"
	"embed"
	"net/http"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/retention"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables version and version_label.
var Schema = db.Schema{Room: "versions", Files: schema}

// Room is the versions of all files.
type Room struct {
	Now func() time.Time

	db       *db.DB
	tree     *tree.Tree
	files    *files.Service
	content  *content.Store
	people   *identity.Directory
	settings *settings.Store
}

// New returns the room.
func New(d *db.DB, t *tree.Tree, f *files.Service, c *content.Store, people *identity.Directory, s *settings.Store) *Room {
	return &Room{Now: time.Now, db: d, tree: t, files: f, content: c, people: people, settings: s}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Hook.Keepers = append(b.Hook.Keepers, keeper{rm})
	b.Hook.Erased = append(b.Hook.Erased, rm.erased)
	b.DAV.Mount("versions", collection{rm})
	b.DAV.Props("versions", props{})
	b.Web.Prefix("/remote.php/dav/versions", web.User|web.Basic, b.DAV.Serve, web.In(who.FilesRoom), web.Errors(dav.WriteError))
	b.Settings.Add("versions", []plug.Setting{{App: systemApp, Name: ruleName, Kind: plug.SettingText, Default: "auto", Check: func(v string) error {
		_, err := retention.Parse(v, retention.Rule{})
		return err
	}}})
	b.Jobs.Every("@every 5m", "versions.thin", rm.Thin)
	b.Jobs.Every("@every 10m", "versions.room", rm.MakeRoom)
	b.Jobs.Every("daily 04:20", "versions.expire", rm.Expire)
	for _, name := range []string{"files.versioning", "files.version_labeling", "files.version_deletion"} {
		b.Caps.Add(name, func(context.Context, *http.Request) any { return true })
	}
	forget := jobs.Define(b.Jobs, "versions.forget", rm.tree.ForgetWriter)
	rm.people.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		for _, q := range []string{"UPDATE version SET owner = '' WHERE owner = ?", "UPDATE version SET author = '' WHERE author = ?"} {
			if _, err := tx.Exec(ctx, q, uid); err != nil {
				return err
			}
		}
		return forget.Add(ctx, tx, uid)
	})
	rm.commands(b)
}

// The setting, as Nextcloud calls it: one of config:system:set.
const (
	systemApp = "system"
	ruleName  = "versions_retention_obligation"
)

// rule is how long versions are kept. Of itself none goes but by being thinned out.
func (rm *Room) rule(ctx context.Context) (retention.Rule, error) {
	text, err := rm.settings.Default(ctx, systemApp, ruleName, "auto")
	if err != nil {
		return retention.Rule{}, err
	}
	return retention.Parse(text, retention.Rule{})
}

// Version is a content that a file had.
type Version struct {
	Node    int64
	Name    int64 // its time in Unix seconds, or the next that was free
	Content int64
	Size    int64     // bytes
	MTime   time.Time // of the file then
	Made    time.Time // when another content took its place
	Owner   string    // of the file, when that happened
	Author  string    // user id; "" when it was nobody with an account
	Label   string
}
