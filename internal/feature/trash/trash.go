// Package trash keeps what people delete until they want it back, its time is
// over or its room is needed. A deletion moves one row into the trash of the owner,
// however much lies below it; ids, etags, tags, favourites and versions stay. Who
// deletes what belongs to somebody else finds it in their own trash too, as long
// as they can reach the folder it was in. The package knows no bytes and no shares.
package trash

import (
	"context"
	"embed"
	"net/http"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/retention"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables trashed and trash_limit.
var Schema = db.Schema{Room: "trash", Files: schema}

// Room is the trash of everybody.
type Room struct {
	Now func() time.Time

	db       *db.DB
	tree     *tree.Tree
	files    *files.Service
	people   *identity.Directory
	settings *settings.Store
}

// New returns the room.
func New(d *db.DB, t *tree.Tree, f *files.Service, people *identity.Directory, s *settings.Store) *Room {
	return &Room{Now: time.Now, db: d, tree: t, files: f, people: people, settings: s}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Hook.Keepers = append(b.Hook.Keepers, keeper{rm})
	b.Hook.Erased = append(b.Hook.Erased, rm.erased)
	b.DAV.Mount("trashbin", collection{rm})
	b.DAV.Props("trashbin", props{rm})
	b.Web.Prefix("/remote.php/dav/trashbin", web.User|web.Basic, b.DAV.Serve, web.In(who.FilesRoom), web.Errors(dav.WriteError))
	b.Jobs.Every("@every 10m", "trash.expire", rm.Expire)
	b.Jobs.Every("@every 1m", "trash.room", rm.MakeRoom)
	for _, name := range []string{"files.undelete", "files.delete_from_trash"} {
		b.Caps.Add(name, func(context.Context, *http.Request) any { return true })
	}
	b.Settings.Add("trash", []plug.Setting{
		{App: systemApp, Name: ruleName, Kind: plug.SettingText, Default: "auto", Check: func(v string) error {
			_, err := retention.Parse(v, retention.Auto(defaultDays))
			return err
		}},
		{App: roomApp, Name: sizeName, Kind: plug.SettingNumber, Default: "-1", Min: -1, Max: 1 << 60},
	})
	rm.people.OnRemoved(rm.forget)
	rm.commands(b)
}

// The settings, as Nextcloud calls them: trashbin_retention_obligation is one of
// config:system:set, trashbin_size one of config:app:set files_trashbin.
const (
	systemApp   = "system"
	ruleName    = "trashbin_retention_obligation"
	roomApp     = "files_trashbin"
	sizeName    = "trashbin_size"
	defaultDays = 30
)

// rule is how long things are kept.
func (rm *Room) rule(ctx context.Context) (retention.Rule, error) {
	text, err := rm.settings.Default(ctx, systemApp, ruleName, "auto")
	if err != nil {
		return retention.Rule{}, err
	}
	return retention.Parse(text, retention.Auto(defaultDays))
}

// Item is something in somebody's trash.
type Item struct {
	Holder   string // in whose trash it is shown
	Name     string // what it was called
	Deleted  int64  // Unix seconds; with Holder and Name it names the item
	Node     int64
	Space    int64  // the trash that it lies in
	Owner    string // whose trash that is
	Deleter  string // user id; "" when it was nobody with an account
	Folder   int64  // where it was
	Location string // its path there, as the holder saw it, "/a/b"
}

// own tells whether the item lies in the trash of who sees it.
func (it *Item) own() bool { return it.Holder == it.Owner }

// mayUse tells whether somebody's credential reaches the trash: one for a few
// folders does not.
func mayUse(p *who.Principal) error {
	if p == nil {
		return fault.New(fault.Anonymous, "You are not signed in.")
	}
	if !p.MaySeeFiles() || p.Narrow() {
		return fault.New(fault.Denied, "This app password does not reach the trash.")
	}
	return nil
}
