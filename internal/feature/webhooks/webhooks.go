// Package webhooks tells other servers what happens here: an administrator registers
// an address for a kind of event, and each such event is sent there as JSON, signed,
// and again and again until it arrives or is given up. The calls and what is sent are
// those of Nextcloud's app webhook_listeners (34-apps/197 to 210); signatures, repeats
// and the list of what was given up are ours.
//
// An event is noted in the transaction that makes it true, by a job, and only when a
// webhook wants its kind; else it costs nothing. Deliveries to one host are made by
// one job at a time, so that a slow one delays its own. Order is not promised.
package webhooks

import (
	"context"
	"embed"
	"net/http"
	"sync/atomic"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables webhook and webhook_delivery.
var Schema = db.Schema{Room: "webhooks", Files: schema}

const (
	app   = "webhook_listeners" // of our settings
	right = "webhooks"          // which roles may grant
)

// allowLocal lets webhooks go to addresses in private networks.
var allowLocal = plug.Setting{App: app, Name: "allow_local_address", Kind: plug.SettingYes, Default: "no"}

// Room is the webhooks.
type Room struct {
	Now func() time.Time

	db       *db.DB
	dir      *identity.Directory
	files    *files.Service
	settings *settings.Store
	box      *seal.Box
	outside  *http.Client // to public addresses
	inside   *http.Client // to any
	wanted   atomic.Pointer[interest]

	telling    *jobs.Kind[heard]
	delivering *jobs.Kind[lane]
	waking     *jobs.Kind[lane]
}

// New returns the room. A webhook outlives the account that made it.
func New(d *db.DB, dir *identity.Directory, f *files.Service, s *settings.Store, box *seal.Box) *Room {
	dir.OnRemoved(forgetMaker)
	return &Room{Now: time.Now, db: d, dir: dir, files: f, settings: s, box: box, outside: client(false), inside: client(true)}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.telling = jobs.Define(b.Jobs, "webhooks.tell", rm.tell)
	rm.delivering = jobs.Define(b.Jobs, "webhooks.deliver", rm.deliver)
	rm.waking = jobs.Define(b.Jobs, "webhooks.wake", func(ctx context.Context, l lane) error { return rm.start(ctx, rm.db, l.Host) })
	b.Jobs.Every("daily 03:40", "webhooks.sweep", rm.sweep)
	b.Bus.Within(rm.hear)
	b.Settings.Add(app, []plug.Setting{allowLocal})
	const root = "/apps/webhook_listeners/api/v1/"
	ocs.Handle(b.OCS, "GET "+root+"webhooks", web.Admin, rm.list, web.Right(right))
	ocs.Handle(b.OCS, "POST "+root+"webhooks", web.Admin|web.Confirmed, rm.create, web.Right(right))
	ocs.Handle(b.OCS, "GET "+root+"webhooks/{id}", web.Admin, rm.show, web.Right(right))
	ocs.Handle(b.OCS, "POST "+root+"webhooks/{id}", web.Admin|web.Confirmed, rm.update, web.Right(right))
	ocs.Handle(b.OCS, "POST "+root+"webhooks/{id}/secret", web.Admin|web.Confirmed, rm.renew, web.Right(right))
	ocs.Handle(b.OCS, "DELETE "+root+"webhooks/{id}", web.Admin|web.Confirmed, rm.remove, web.Right(right))
	ocs.Handle(b.OCS, "DELETE "+root+"webhooks/byappid/{appid}", web.Admin|web.Confirmed, rm.removeOfApp, web.Right(right))
	ocs.Handle(b.OCS, "GET "+root+"dead", web.Admin, rm.listDead, web.Right(right))
	ocs.Handle(b.OCS, "POST "+root+"dead/{id}/retry", web.Admin, rm.retryDead, web.Right(right))
	ocs.Handle(b.OCS, "DELETE "+root+"dead/{id}", web.Admin, rm.dropDead, web.Right(right))
	ocs.Handle(b.OCS, "POST "+root+"dead/retry", web.Admin, rm.retryAll, web.Right(right))
	ocs.Handle(b.OCS, "DELETE "+root+"dead", web.Admin, rm.dropAll, web.Right(right))
	ocs.Handle(b.OCS, "GET "+root+"backlog", web.Admin, rm.listBacklogs, web.Right(right))
	ocs.Handle(b.OCS, "GET "+root+"events", web.Admin, rm.listEvents, web.Right(right))
	ocs.Handle(b.OCS, "POST "+root+"filter", web.Admin, rm.tryFilter, web.Right(right))
	ocs.Handle(b.OCS, "POST "+root+"webhooks/{id}/test", web.Admin, rm.testHook, web.Right(right), web.PerMinute(30))
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
}

// fresh is how long a node believes what it read of who wants what: so late it may
// notice a webhook that was made on another node, or by a command.
const fresh = 5 * time.Second

// interest is the classes that webhooks are registered for.
type interest struct {
	classes map[string]bool
	at      time.Time
}

// hear notes an event that a webhook may want, in the transaction that makes it true.
func (rm *Room) hear(ctx context.Context, tx *db.DB, ev bus.Event) error {
	some := occasions(ev)
	if len(some) == 0 {
		return nil
	}
	classes, err := rm.classes(ctx, tx)
	if err != nil {
		return err
	}
	for _, o := range some {
		if !classes[o.Class] {
			continue
		}
		if err := rm.telling.Add(ctx, tx, heard{ID: seal.Token(22), At: rm.Now().Unix(), What: o}); err != nil {
			return err
		}
	}
	return nil
}

func (rm *Room) classes(ctx context.Context, tx *db.DB) (map[string]bool, error) {
	now := rm.Now()
	if last := rm.wanted.Load(); last != nil && now.Sub(last.at) < fresh {
		return last.classes, nil
	}
	list, err := db.List(ctx, tx, db.Scan1[string], "SELECT DISTINCT event FROM webhook")
	if err != nil {
		return nil, err
	}
	one := &interest{classes: map[string]bool{}, at: now}
	for _, c := range list {
		one.classes[c] = true
	}
	rm.wanted.Store(one)
	return one.classes, nil
}
