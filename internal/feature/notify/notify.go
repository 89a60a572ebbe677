// Package notify keeps what people are to be told: that something was shared with
// them, that somebody mentioned them, that their storage is nearly full, what
// administrators announce. The calls are those of Nextcloud's app notifications
// (recorded in 33-notify-activity/001 to 040 and 080 to 084). Rooms ask for a
// notice with event.Notice and take it back with event.NoticeOver; words in all
// languages come with it, and each reader sees those of their own.
//
// A notice is one row for whoever it is addressed to: a person, a group, or
// everybody. So an announcement to a hundred thousand accounts is one row, and
// what somebody has dismissed of those is a small row each. Accounts that are
// younger than an announcement do not see it.
package notify

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/mail"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

//go:embed img/*.svg
var images embed.FS

//go:embed mails/*.txt
var mailFiles embed.FS

// Schema holds the tables notice, notice_gone and notice_pref.
var Schema = db.Schema{Room: "notify", Files: schema}

// Presence tells which status somebody shows.
type Presence interface {
	Presence(ctx context.Context, uid string) (string, error)
}

// Storage tells how full homes are, and what nodes are called.
type Storage interface {
	Chains(ctx context.Context, ids ...int64) (map[int64][]tree.Node, error)
	Owners(ctx context.Context, spaces ...int64) (map[int64]string, error)
	Usage(ctx context.Context, uid string) (used, total int64, err error)
}

// Room keeps the notices. The fields may be set before Plug.
type Room struct {
	Now func() time.Time
	Log *slog.Logger
	// Publish tells others that lists have changed.
	Publish func(ctx context.Context, tx *db.DB, ev bus.Event) error
	// Base is the public address without a slash at the end, for mail.
	Base string
	// Presence goes with each list; nil: everybody is online.
	Presence Presence

	db       *db.DB
	dir      *identity.Directory
	settings *settings.Store
	storage  Storage
	mail     *mail.Sender
	letters  *mail.Letters
	looked   looked
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory, s *settings.Store, st Storage, m *mail.Sender) (*Room, error) {
	letters, err := mail.LoadLetters(mailFiles, "mails")
	rm := &Room{Now: time.Now, Log: slog.Default(), Publish: func(context.Context, *db.DB, bus.Event) error { return nil },
		db: d, dir: dir, settings: s, storage: st, mail: m, letters: letters, looked: looked{at: map[int64]time.Time{}}}
	dir.OnRemoved(forget)
	return rm, err
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Caps.Add("notifications", caps)
	rm.plugLists(b.OCS)
	b.Letters.Add("notifications.digest", rm.sampleDigest)
	rm.plugAdmin(b.OCS)
	ocs.Handle(b.OCS, "POST /apps/notifications/api/v2/push", web.User, rm.registerPush)
	ocs.Handle(b.OCS, "DELETE /apps/notifications/api/v2/push", web.User, rm.removePush)
	b.Web.Handle("GET", imgPath+"{name}", web.Anyone, image)
	bus.On(b.Bus, "notify", rm.Tell)
	bus.On(b.Bus, "notify", rm.TakeBack)
	bus.On(b.Bus, "notify", rm.accountChanged)
	bus.On(b.Bus, "notify", rm.shared)
	bus.On(b.Bus, "notify", rm.shareChanged)
	bus.On(b.Bus, "notify", rm.shareRemoved)
	bus.OnBatch(b.Bus, "notify-storage", rm.written)
	b.Bus.Leisurely("notify-storage", 10*time.Second)
	b.Jobs.Every("daily 04:40", "notify.clear", rm.Clear)
	b.Jobs.Every("@every 5m", "notify.mail", rm.Mail)
	for _, c := range rm.commands() {
		name, _, _ := strings.Cut(c.Use, " ")
		b.CLI.Add(name, c)
	}
}

func (rm *Room) plugLists(m *ocs.Mux) {
	for _, root := range []string{"/apps/notifications/api/v1/", "/apps/notifications/api/v2/"} {
		old := strings.Contains(root, "v1")
		ocs.Handle(m, "GET "+root+"notifications", web.User, func(ctx context.Context, r *ocs.Request) (any, error) { return rm.list(ctx, r, old) })
		ocs.Handle(m, "GET "+root+"notifications/{id}", web.User, func(ctx context.Context, r *ocs.Request) (any, error) { return rm.get(ctx, r, old) })
		ocs.Handle(m, "DELETE "+root+"notifications/{id}", web.User, rm.dismiss)
		ocs.Handle(m, "DELETE "+root+"notifications", web.User, rm.dismissAll)
	}
	ocs.Handle(m, "POST /apps/notifications/api/v2/notifications/exists", web.User, rm.exists)
	ocs.Handle(m, "POST /apps/notifications/api/v2/settings", web.User, rm.setPref)
	ocs.Handle(m, "GET /apps/notifications/api/v2/settings", web.User, rm.showPref)
	ocs.Handle(m, "POST /apps/notifications/api/v2/settings/admin", web.Admin, rm.setDefaults)
	ocs.Handle(m, "POST /apps/notifications/api/v3/test/self", web.User, rm.testSelf, web.PerMinute(10))
}

func (rm *Room) plugAdmin(m *ocs.Mux) {
	for _, v := range []string{"v1", "v2"} {
		ocs.Handle(m, "POST /apps/notifications/api/"+v+"/admin_notifications/{user}", web.Admin, rm.adminNotice)
	}
	const v3 = "/apps/notifications/api/v3/"
	ocs.Handle(m, "POST "+v3+"admin_notifications/{user}", web.Admin, rm.adminRich)
	ocs.Handle(m, "GET "+v3+"announcements", web.Admin, rm.listAnnouncements)
	ocs.Handle(m, "POST "+v3+"announcements", web.Admin, rm.announce)
	ocs.Handle(m, "DELETE "+v3+"announcements/{id}", web.Admin, rm.retract)
}

// caps is the section of the capabilities (30-core/005). Push to phones is not in
// it, since this server sends to no push proxy.
func caps(context.Context, *http.Request) any {
	return struct {
		Endpoints []string `json:"ocs-endpoints"`
		Admin     []string `json:"admin-notifications"`
	}{[]string{"list", "get", "delete", "delete-all", "icons", "rich-strings", "action-web", "user-status", "exists", "test-push"},
		[]string{"ocs", "cli"}}
}

const imgPath = "/apps/notifications/img/"

// image serves the pictures of notices.
func image(w http.ResponseWriter, r *http.Request) error {
	b, err := images.ReadFile("img/" + web.Param(r, "name"))
	if err != nil {
		return errNoImage
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Cache-Control", "public, max-age=86400")
	_, err = w.Write(b)
	return err
}

// accountChanged tells people of what others did to the safety of their accounts.
func (rm *Room) accountChanged(ctx context.Context, ev event.AccountChanged) error {
	if ev.What == event.AccountRemoved || ev.Actor == ev.UID && ev.What != event.SignedInNewPlace {
		return nil
	}
	words, ok := accountWords[ev.What]
	if !ok {
		return nil
	}
	return rm.Tell(ctx, event.Notice{To: []string{ev.UID}, App: "security", Type: "account", Object: ev.What, Subject: words,
		Params: map[string]event.RichObject{"detail": {"type": "highlight", "id": "detail", "name": ev.Detail}},
		Link:   "/settings/user/security", Icon: imgPath + "security-dark.svg"})
}
