// Package desk is where administrators look after external apps over OCS: they see each
// with what it said last and which of its requests were refused, register it, change its
// scopes and its secret, and let it go. It does what the commands of exapps do and keeps
// nothing. Apps cannot call it, whomever they act for.
package desk

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/diary"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Room answers administrators.
type Room struct {
	Now func() time.Time

	apps  *exapps.Room
	diary *diary.Diary
}

// New returns the room of apps whose lines a diary holds.
func New(apps *exapps.Room, d *diary.Diary) *Room { return &Room{time.Now, apps, d} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	const root = scope.API + "/api/v1/admin/apps"
	ocs.Handle(b.OCS, "GET "+root, web.Admin, people(rm.list))
	ocs.Handle(b.OCS, "POST "+root, web.Admin|web.Confirmed, people(rm.register))
	ocs.Handle(b.OCS, "GET "+root+"/{app}", web.Admin, people(rm.show))
	ocs.Handle(b.OCS, "PUT "+root+"/{app}/scopes", web.Admin|web.Confirmed, people(rm.setScopes))
	ocs.Handle(b.OCS, "POST "+root+"/{app}/secret", web.Admin|web.Confirmed, people(rm.rotate))
	ocs.Handle(b.OCS, "POST "+root+"/{app}/heartbeat", web.Admin, people(rm.beat))
	ocs.Handle(b.OCS, "DELETE "+root+"/{app}", web.Admin|web.Confirmed, people(rm.remove))
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
}

// people keeps apps out.
func people(f ocs.Endpoint) ocs.Endpoint {
	return func(ctx context.Context, r *ocs.Request) (any, error) {
		if r.Caller().App != "" {
			return nil, fault.New(fault.Denied, "An external app may not administer external apps.")
		}
		return f(ctx, r)
	}
}

// shown is an app on the wire. Times are Unix seconds, 0 for never.
type shown struct {
	ID      string        `json:"id"`
	Name    string        `json:"name"`
	Version string        `json:"version"`
	Enabled bool          `json:"enabled"`
	Status  exapps.Status `json:"status"`
	Daemon  string        `json:"daemon"`
	Address string        `json:"address"`
	Signed  bool          `json:"signed"`
	System  bool          `json:"system"`
	Scopes  []string      `json:"scopes"`
	Routes  []route       `json:"routes"`
	Seen    int64         `json:"lastSeen"`
	Former  int64         `json:"formerUntil"` // until when the former secret is taken besides
}

type route struct {
	URL    string `json:"url"`
	Verb   string `json:"verb"`
	Access int    `json:"access"` // 0: everybody, 1: who is signed in, 2: administrators
}

func (rm *Room) shown(a *exapps.App) shown {
	s := shown{ID: a.ID, Name: a.Name, Version: a.Version, Enabled: a.Enabled, Status: a.Told(), Daemon: a.Daemon, Signed: a.Signed, System: a.System,
		Address: address(a), Scopes: append([]string{}, a.Scopes...), Routes: []route{},
		Seen: unix(a.Seen), Former: unix(a.FormerUntil(rm.Now()))}
	for _, t := range a.Routes {
		s.Routes = append(s.Routes, route{t.URL, t.Verb, int(t.Access)})
	}
	return s
}

// address is where an app listens.
func address(a *exapps.App) string {
	return a.Scheme + "://" + net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// list answers GET …/apps with all apps, the scopes that there are, and where apps find
// this server.
func (rm *Room) list(ctx context.Context, _ *ocs.Request) (any, error) {
	all, err := rm.apps.Apps(ctx)
	if err != nil {
		return nil, err
	}
	apps := []shown{}
	for _, a := range all {
		apps = append(apps, rm.shown(a))
	}
	return map[string]any{"apps": apps, "scopes": scope.Names(), "server": rm.apps.Base}, nil
}

// line is something that an app said, or that was said of it.
type line struct {
	At    int64  `json:"at"`
	Level string `json:"level"` // info, warn or error
	Text  string `json:"text"`
}

// refusal is a request of an app that was refused, as often as it came the same.
type refusal struct {
	Why   string `json:"why"`
	Path  string `json:"path"`
	Addr  string `json:"addr"`
	Times int    `json:"times"`
	Last  int64  `json:"last"`
}

// detail is an app with what this process has seen of it.
type detail struct {
	shown
	Log     []line    `json:"log"`
	Refused []refusal `json:"refused"`
}

// show answers GET …/apps/{app}.
func (rm *Room) show(ctx context.Context, r *ocs.Request) (any, error) {
	a, err := rm.apps.App(ctx, r.Path("app"))
	if err != nil {
		return nil, err
	}
	out := detail{rm.shown(a), []line{}, []refusal{}}
	said, refused := rm.diary.Of(a.ID)
	for _, l := range said {
		out.Log = append(out.Log, line{l.At.Unix(), levelName(l.Level), l.Text})
	}
	for _, f := range refused {
		out.Refused = append(out.Refused, refusal{f.Why, f.Path, f.Addr, f.Times, f.Last.Unix()})
	}
	return out, nil
}

func levelName(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warn"
	}
	return "info"
}

// register answers POST …/apps with id, daemon, info (a JSON object in a text, as for the
// command), signed and force. A secret that was made is told this once.
func (rm *Room) register(ctx context.Context, r *ocs.Request) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	w := exapps.Wish{Daemon: in.Get("daemon"), Info: []byte(cmp.Or(in.Get("info"), "{}"))}
	if w.Signed, err = r.Bool("signed"); err != nil {
		return nil, err
	}
	if w.Force, err = r.Bool("force"); err != nil {
		return nil, err
	}
	a, made, err := rm.apps.Enrol(ctx, in.Get("id"), w)
	if err != nil {
		return nil, err
	}
	rm.diary.Forget(a.ID) // what another of this name did
	return map[string]any{"app": rm.shown(a), "secret": made}, nil
}

// setScopes answers PUT …/apps/{app}/scopes with scopes[].
func (rm *Room) setScopes(ctx context.Context, r *ocs.Request) (any, error) {
	names, err := r.List("scopes")
	if err != nil {
		return nil, err
	}
	if err := rm.apps.SetScopes(ctx, r.Path("app"), append([]string{}, names...)); err != nil {
		return nil, err
	}
	return rm.show(ctx, r)
}

// rotate answers POST …/apps/{app}/secret with the new secret, this once.
func (rm *Room) rotate(ctx context.Context, r *ocs.Request) (any, error) {
	secret, err := rm.apps.Rotate(ctx, r.Path("app"))
	if err != nil {
		return nil, err
	}
	return map[string]string{"secret": secret}, nil
}

// beat answers POST …/apps/{app}/heartbeat: whether the app runs.
func (rm *Room) beat(ctx context.Context, r *ocs.Request) (any, error) {
	a, err := rm.apps.App(ctx, r.Path("app"))
	if err != nil {
		return nil, err
	}
	return map[string]bool{"runs": rm.apps.Beats(ctx, a)}, nil
}

// remove answers DELETE …/apps/{app}?keepData=1.
func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	keepData, err := r.Bool("keepData")
	if err != nil {
		return nil, err
	}
	keep := exapps.Nothing
	if keepData {
		keep = exapps.ItsPairs
	}
	if err := rm.apps.Unregister(ctx, r.Path("app"), keep); err != nil {
		return nil, err
	}
	rm.diary.Forget(r.Path("app"))
	return struct{}{}, nil
}
