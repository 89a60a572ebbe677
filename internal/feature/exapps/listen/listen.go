// Package listen tells external apps what happens to files and folders: an app registers
// a handler for the events it wants, and gets each as JSON, a moment later and until it
// has taken it or is given up (the events listener of AppAPI, as nc_py_api's
// FileSystemEventNotification reads it). Writers never wait for an app, nor write a row
// for it: the events come from the outbox, and deliveries are jobs.
package listen

import (
	"context"
	"embed"
	"log/slog"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/nodeinfo"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table exapps_event: what is yet to be told.
var Schema = db.Schema{Room: "exapps_listen", Files: schema}

// Room is the listeners. The fields may be set before Plug.
type Room struct {
	Now func() time.Time
	Log *slog.Logger

	db    *db.DB
	apps  *exapps.Room
	dir   *identity.Directory
	files *files.Service
	nodes nodeinfo.Writer

	delivering *jobs.Kind[lane]
	waking     *jobs.Kind[lane]
}

// New returns the room. What waits to be told of somebody goes with the account.
func New(d *db.DB, apps *exapps.Room, dir *identity.Directory, f *files.Service, nodes nodeinfo.Writer) *Room {
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM exapps_event WHERE uid = ?", uid)
		return err
	})
	return &Room{Now: time.Now, Log: slog.New(slog.DiscardHandler), db: d, apps: apps, dir: dir, files: f, nodes: nodes}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.delivering = jobs.Define(b.Jobs, "exapps.tell", rm.deliver)
	rm.waking = jobs.Define(b.Jobs, "exapps.wake", func(ctx context.Context, l lane) error { return rm.start(ctx, rm.db, l.App) })
	b.Jobs.Every("@every 1h", "exapps.untold", rm.sweep)
	b.Bus.OnMixed("exapps", rm.hear, bus.Of[event.FileWritten](), bus.Of[event.NodeMade](), bus.Of[event.NodeMoved](),
		bus.Of[event.NodeRemoved](), bus.Of[event.NodeTouched]())
	b.Bus.Leisurely("exapps", time.Second/2)
	const path = scope.API + "/api/v1/events_listener"
	ocs.Handle(b.OCS, "POST "+path, web.Anyone|web.NoCSRF, rm.apps.ForApps(rm.register))
	ocs.Handle(b.OCS, "DELETE "+path, web.Anyone|web.NoCSRF, rm.apps.ForApps(rm.unregister))
	ocs.Handle(b.OCS, "GET "+path, web.Anyone|web.NoCSRF, rm.apps.ForApps(rm.show))
}

// The one type of events, and the kinds of it.
const (
	kind      = "events-listener"
	nodeEvent = "node_event"

	created = "NodeCreatedEvent"
	touched = "NodeTouchedEvent"
	written = "NodeWrittenEvent"
	deleted = "NodeDeletedEvent"
	renamed = "NodeRenamedEvent"
	copied  = "NodeCopiedEvent"
)

// register answers POST /events_listener: eventType, eventSubtypes (none: all),
// actionHandler. An app has one listener of a type.
func (rm *Room) register(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	subtypes, err := r.List("eventSubtypes")
	if err != nil {
		return nil, err
	}
	for _, s := range subtypes {
		if !slices.Contains([]string{created, touched, written, deleted, renamed, copied}, s) {
			return nil, fault.New(fault.Invalid, "There are no events of the kind {kind}.", "kind", s)
		}
	}
	if in.Get("eventType") != nodeEvent {
		return nil, fault.New(fault.Invalid, "The only events that can be listened to are those of the type node_event.")
	}
	if in.Get("actionHandler") == "" {
		return nil, fault.New(fault.Invalid, "Please say which path of the app takes the events.")
	}
	return []string{}, rm.apps.Declare(ctx, exapps.Part{App: from.App, Kind: kind, Name: nodeEvent, Body: map[string]any{
		"event_type": nodeEvent, "event_subtypes": append([]string{}, subtypes...), "action_handler": in.Get("actionHandler")}})
}

// unregister answers DELETE /events_listener. What is on its way is not told any more.
func (rm *Room) unregister(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	name, err := r.Param("eventType")
	if err != nil {
		return nil, err
	}
	if err := rm.apps.Retract(ctx, from.App, kind, name); err != nil {
		return nil, err
	}
	_, err = rm.db.Exec(ctx, "DELETE FROM exapps_event WHERE app = ?", from.App)
	return []string{}, err
}

// show answers GET /events_listener.
func (rm *Room) show(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	name, err := r.Param("eventType")
	if err != nil {
		return nil, err
	}
	all, err := rm.apps.Declared(ctx, kind)
	for _, p := range all {
		if p.App == from.App && p.Name == name {
			return p.Body, nil
		}
	}
	if err == nil {
		err = fault.New(fault.NotFound, "The external app does not listen to this.")
	}
	return nil, err
}

// listener is an app that wants events.
type listener struct {
	app, handler string
	kinds        []string // none: all
}

func (l listener) wants(subtype string) bool {
	return len(l.kinds) == 0 || slices.Contains(l.kinds, subtype)
}

// listeners are those of enabled apps. They are read anew for each batch of events, so that
// an app misses nothing from the moment on at which it was told that it listens.
func (rm *Room) listeners(ctx context.Context) (out []listener, err error) {
	all, err := rm.apps.Declared(ctx, kind)
	for _, p := range all {
		l := listener{app: p.App}
		l.handler, _ = p.Body["action_handler"].(string)
		some, _ := p.Body["event_subtypes"].([]any)
		for _, s := range some {
			if text, ok := s.(string); ok {
				l.kinds = append(l.kinds, text)
			}
		}
		out = append(out, l)
	}
	return out, err
}

// viewer finds a person and their files; nil when they are no longer here.
func (rm *Room) viewer(ctx context.Context, uid string) (*files.View, error) {
	p, err := rm.dir.Act(ctx, uid)
	if fault.Of(err) == fault.Anonymous {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return rm.files.As(ctx, p)
}
