// Package activity keeps what happened: to files, shares, links, accounts, and
// what other rooms tell (event.Activity). It answers Nextcloud's activity API
// (recorded in 33-notify-activity/041 to 079 and 085), writes digests by mail, and
// serves feeds. It is a subscriber: nobody waits for it who writes a file.
//
// One fact is one row of activity. Who may read it is not written down for each
// reader, since a folder that a group of ten thousand sees would cost ten thousand
// rows for each PUT. A fact is filed under audiences, small rows of activity_for:
//
//	s:SPACE  what happened in a home; its owner reads it
//	n:NODE   what happened at or below a node while it was shared; who has it
//	         mounted reads it
//	u:UID    what concerns one account: a share with it, its safety
//	g:GID    what concerns the members of a group: a share with the group
//
// A reader has the audiences of the view as it is now, so that a share that was
// taken back takes its stream along. What happened before somebody was given a
// share is not shown to them: activity_root knows from which row on. A PUT costs
// one row and one more for each shared folder above it, however many see them.
//
// The rows of an audience lie side by side, apart by own (the owner did it) and
// family, so that each filter reads just what it shows, newest first, of however
// many rows there are.
package activity

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/mail"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

//go:embed img
var images embed.FS

//go:embed mails/*.txt
var mailFiles embed.FS

// Schema holds the tables of this room, all of which begin with activity.
var Schema = db.Schema{Room: "activity", Files: schema}

// Room keeps the stream. The fields may be set before Plug.
type Room struct {
	Now func() time.Time
	Log *slog.Logger
	// Publish tells others that streams have grown.
	Publish func(ctx context.Context, tx *db.DB, ev bus.Event) error
	// Base is the public address without a slash at the end, for mail and feeds.
	Base string

	db       *db.DB
	dir      *identity.Directory
	files    *files.Service
	settings *settings.Store
	mail     *mail.Sender
	letters  *mail.Letters
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory, f *files.Service, s *settings.Store, m *mail.Sender) (*Room, error) {
	letters, err := mail.LoadLetters(mailFiles, "mails")
	dir.OnRemoved(forget)
	return &Room{Now: time.Now, Log: slog.Default(), Publish: func(context.Context, *db.DB, bus.Event) error { return nil },
		db: d, dir: dir, files: f, settings: s, mail: m, letters: letters}, err
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Caps.Add("activity", caps)
	b.Letters.Add("activity.digest", rm.sampleDigest)
	b.Bus.OnMixed("activity", rm.record, bus.Of[event.FileWritten](), bus.Of[event.NodeMade](), bus.Of[event.NodeMoved](), bus.Of[event.NodeRemoved](),
		bus.Of[event.ShareMade](), bus.Of[event.ShareRemoved](), bus.Of[event.LinkRead](), bus.Of[event.Downloaded](), bus.Of[event.AccountChanged](), bus.Of[event.Activity](),
		bus.Of[event.CommentMade](), bus.Of[event.CommentChanged](), bus.Of[event.CommentRemoved](), bus.Of[event.TagChanged](),
		bus.Of[event.FavoriteChanged]())
	b.Bus.Leisurely("activity", time.Second/2)
	b.DAV.OnDownload(rm.downloaded)
	b.Settings.Add("activity", []plug.Setting{{App: settingsApp, Name: daysSetting, Kind: plug.SettingNumber, Default: strconv.Itoa(defaultDays), Min: 1, Max: 36_500},
		{App: settingsApp, Name: downloadSetting, Kind: plug.SettingYes, Default: "no"}})
	const root = "/apps/activity/api/v2/activity"
	ocs.Handle(b.OCS, "GET "+root, web.User, rm.list)
	ocs.Handle(b.OCS, "GET "+root+"/filters", web.User, filterList)
	ocs.Handle(b.OCS, "GET "+root+"/{filter}", web.User, rm.list)
	ocs.Handle(b.OCS, "GET /cloud/activity", web.User, rm.legacy)
	b.Web.Handle("GET", "/apps/activity/settings", web.User, rm.showSettings)
	b.Web.Handle("POST", "/apps/activity/settings", web.User, rm.setSettings)
	b.Web.Handle("POST", "/apps/activity/settings/feed", web.User, rm.setFeed)
	b.Web.Handle("GET", feedPath, web.Anyone, rm.rss, web.PerMinute(60))
	b.Web.Handle("GET", atomPath, web.Anyone, rm.atom, web.PerMinute(60))
	for path := range pictures {
		b.Web.Handle("GET", path, web.Anyone, picture)
	}
	b.Jobs.Every("daily 04:20", "activity.clear", rm.Clear)
	b.Jobs.Every("@every 5m", "activity.mail", rm.Mail)
	b.CLI.Add("activity:send-mails", rm.sendCommand())
}

// downloaded notes that an account downloaded what somebody else shared with it, if an
// administrator wants that. The download is over by then, so that nothing depends on it.
func (rm *Room) downloaded(ctx context.Context, r dav.Resource) {
	p := who.From(ctx)
	of, ok := r.Value.(interface{ Self() *files.Entry })
	if !ok || p == nil || p.Link != 0 {
		return
	}
	e := of.Self()
	if e.Mount.Owner == "" || e.Mount.Owner == p.ID {
		return
	}
	set, err := rm.settings.Recent(ctx, settingsApp)
	if err == nil && set[downloadSetting] == "yes" {
		err = rm.db.Tx(ctx, func(tx *db.DB) error {
			return rm.Publish(ctx, tx, event.Downloaded{Space: e.Mount.Space, Node: e.ID, Name: e.Name, Dir: e.IsDir(), By: event.By{Actor: p.ID}})
		})
	}
	if err != nil && ctx.Err() == nil {
		rm.Log.Warn("a download is missing in the activity stream", "node", e.ID, "user", p.ID, "error", err)
	}
}

// caps is the section of the capabilities (30-core/005).
func caps(context.Context, *http.Request) any {
	return map[string][]string{"apiv2": {"filters", "filters-api", "previews", "rich-strings"}}
}

// principal is an account as its mail and its feed see files.
func (rm *Room) principal(ctx context.Context, u *identity.User) (*who.Principal, error) {
	groups, err := rm.dir.GroupsOf(ctx, u.ID)
	return &who.Principal{ID: u.ID, Display: u.Display, Login: u.ID, Groups: groups}, err
}

// pictures are the icons of entries, by the addresses that clients know.
var pictures = map[string]string{
	"/core/img/actions/share.svg":          "share",
	"/core/img/actions/delete.svg":         "delete",
	"/core/img/actions/download.svg":       "download",
	"/core/img/actions/comment.svg":        "comment",
	"/core/img/actions/tag.svg":            "tag",
	"/core/img/actions/starred.svg":        "star",
	"/core/img/actions/user.svg":           "user",
	"/core/img/actions/password.svg":       "password",
	"/core/img/places/contacts.svg":        "contacts",
	"/core/img/places/files.svg":           "files",
	"/apps/files/img/add-color.svg":        "add",
	"/apps/files/img/change.svg":           "change",
	"/apps/files/img/delete-color.svg":     "delete",
	"/apps/settings/img/personal.svg":      "user",
	"/apps/activity/img/activity-dark.svg": "activity",
}

// picture serves one of the pictures.
func picture(w http.ResponseWriter, r *http.Request) error {
	path := strings.TrimPrefix(r.URL.Path, "/index.php")
	b, err := images.ReadFile("img/" + pictures[path] + ".svg")
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Cache-Control", "public, max-age=86400")
	_, err = w.Write(b)
	return err
}
