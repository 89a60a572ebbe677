package exapps

import (
	"context"
	"net/http"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
)

// What the packages below this one need of it.

// Caller is an app that calls an endpoint, and the person it acts for; nil: nobody.
type Caller struct {
	App    string
	Person *who.Principal
}

// ForApps lets apps alone call an endpoint.
func (rm *Room) ForApps(f func(ctx context.Context, r *ocs.Request, from Caller) (any, error)) ocs.Endpoint {
	return rm.asApp(func(ctx context.Context, c *call) (any, error) { return f(ctx, c.Request, Caller{c.app.ID, c.person}) })
}

// Sender is the app that sent a plain request, at a route for anyone; fault.Anonymous if
// none did.
func (rm *Room) Sender(r *http.Request) (Caller, error) {
	from, err := rm.sender(r)
	if err != nil {
		return Caller{}, err
	}
	return Caller{from.app.ID, from.person}, nil
}

// Part is something that an app has declared: an entry of a menu, a listener. Its id and
// that of the app are in Body too, as clients read them.
type Part struct {
	App, Kind, Name string
	Body            map[string]any
}

// Declare keeps what an app declares, in place of what has the same kind and name.
func (rm *Room) Declare(ctx context.Context, p Part) error {
	return rm.keepPart(ctx, part{app: p.App, kind: p.Kind, name: p.Name, body: p.Body})
}

// Retract forgets it; fault.NotFound if there is no such thing.
func (rm *Room) Retract(ctx context.Context, app, kind, name string) error {
	return rm.dropPart(ctx, app, kind, name)
}

// Declared are the parts of some kinds of all enabled apps, by kind, app and name.
func (rm *Room) Declared(ctx context.Context, kinds ...string) (out []Part, err error) {
	all, err := rm.partsOf(ctx, kinds...)
	for _, p := range all {
		out = append(out, Part{p.app, p.kind, p.name, p.show()})
	}
	return out, err
}

// Message is a request of ours to a path of an app, with JSON or nothing.
type Message struct {
	App, UID string // UID: on whose behalf; "": nobody's
	Method   string
	Path     string // of the app, with a query: "api/act?x=1"
	Body     []byte
}

// Send asks an enabled app for something; fault.NotFound if there is none. The caller
// closes the answer (calls.Read).
func (rm *Room) Send(ctx context.Context, m Message) (*http.Response, error) {
	a, err := rm.App(ctx, m.App)
	if err != nil {
		return nil, err
	}
	target, err := handlerTarget(m.Path)
	if err != nil || !a.Enabled {
		return nil, errNoRoute
	}
	r, err := rm.request(ctx, a, outgoing{m.Method, target, m.UID, m.Body})
	if err != nil {
		return nil, err
	}
	return rm.calls.To(a.ID).RoundTrip(r)
}

// Used keeps that somebody uses an app, which lets it act for them.
func (rm *Room) Used(ctx context.Context, app, uid string) error {
	return rm.agrees(ctx, rm.db, app, uid)
}

// Dealing is what somebody and an app have to do with each other.
type Dealing struct {
	Agreed bool
	Acted  time.Time // the hour in which it acted for them last; zero: never
}

// Dealings are those of somebody, by app.
func (rm *Room) Dealings(ctx context.Context, uid string) (map[string]Dealing, error) {
	out := map[string]Dealing{}
	for r, err := range db.All(ctx, rm.db, func(r db.Row) (one struct {
		app           string
		agreed, noted int64
	}, err error) {
		return one, r.Scan(&one.app, &one.agreed, &one.noted)
	}, "SELECT app, agreed, noted FROM exapps_user WHERE uid = ?", uid) {
		if err != nil {
			return nil, err
		}
		d := Dealing{Agreed: r.agreed != 0}
		if r.noted > 0 {
			d.Acted = time.Unix(r.noted, 0)
		}
		out[r.app] = d
	}
	return out, nil
}

// Values are what an app keeps under some names: for a person, or its own for "".
func (rm *Room) Values(ctx context.Context, app, uid string, names []string) (map[string]string, error) {
	found, err := rm.pairs(ctx, app, uid, append([]string{}, names...))
	out := map[string]string{}
	for _, p := range found {
		out[p.name] = p.value
	}
	return out, err
}

// SetValue keeps one; a secret is sealed.
func (rm *Room) SetValue(ctx context.Context, app, uid, name, value string, secret bool) error {
	return rm.keep(ctx, app, &pair{uid: uid, name: name, value: value, sensitive: secret})
}

// Beats asks an app whether it runs.
func (rm *Room) Beats(ctx context.Context, a *App) bool { return rm.beats(ctx, a) }

// SetMissed keeps how many heartbeats in a row an app has not answered, if it is still as
// it was read.
func (rm *Room) SetMissed(ctx context.Context, a *App, n int) error {
	if a.Status.Missed == n || a.Status.Action != "" {
		return nil
	}
	_, was, err := a.texts()
	if err != nil {
		return err
	}
	a.Status.Missed = n
	_, is, err := a.texts()
	if err == nil {
		_, err = rm.db.Exec(ctx, "UPDATE exapps_app SET status = ? WHERE app = ? AND status = ?", is, a.ID, was)
	}
	return err
}

// silent is after how many heartbeats without an answer an app is said to be gone.
const silent = 3

// Silent tells whether an enabled app has not answered for a while.
func (a *App) Silent() bool { return a.Enabled && a.Status.Missed >= silent }
