package exapps

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
)

// call is a request that an app has sent.
type call struct {
	*ocs.Request
	caller
	uid string // of the person whose values are meant; "": the app's own
}

type appEndpoint func(ctx context.Context, c *call) (any, error)

// asApp lets apps alone call an endpoint (34-apps/354 to 356).
func (rm *Room) asApp(f appEndpoint) ocs.Endpoint {
	return func(ctx context.Context, r *ocs.Request) (any, error) {
		from, err := rm.sender(r.Request)
		if err != nil {
			return nil, err
		}
		if from.person != nil {
			ctx = who.With(ctx, from.person)
		}
		return f(ctx, &call{Request: r, caller: *from})
	}
}

// sender is the app that sent a request; fault.Anonymous if none did.
func (rm *Room) sender(r *http.Request) (*caller, error) {
	from, err := rm.identify(r)
	if errors.Is(err, fault.Anonymous) || from == nil && err == nil {
		err = errNotApp
	}
	return from, err
}

// ofPerson makes an endpoint for the app's values one for those of the person it acts for.
func ofPerson(f appEndpoint) appEndpoint {
	return func(ctx context.Context, c *call) (any, error) {
		if c.person == nil {
			return nil, errRefused
		}
		c.uid = c.person.ID
		return f(ctx, c)
	}
}

// nothing is what endpoints answer that have nothing to tell.
func nothing() any { return []string{} }

// state answers GET /ex-app/state: whether the app is enabled (34-apps/348).
func (rm *Room) state(_ context.Context, c *call) (any, error) { return oneIf(c.app.Enabled), nil }

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// progress answers PUT /ex-app/status: how far the app's start is (34-apps/346).
func (rm *Room) progress(ctx context.Context, c *call) (any, error) {
	if id := c.Path("app"); id != "" && id != c.app.ID {
		return nil, errNotApp
	}
	n, err := c.Int("progress", 0)
	if err != nil {
		return nil, err
	}
	problem, err := c.Param("error")
	if err != nil {
		return nil, err
	}
	if n < 0 || n > 100 {
		return nil, fault.New(fault.Invalid, "The progress is a number from 0 to 100.")
	}
	return nothing(), rm.progressed(ctx, c.app, int(n), problem)
}

// maxLog bounds a message that an app logs, in bytes.
const maxLog = 10_000

// write answers POST /log (34-apps/367).
func (rm *Room) write(ctx context.Context, c *call) (any, error) {
	level, err := c.Int("level", 2)
	if err != nil {
		return nil, err
	}
	text, err := c.Param("message")
	if err != nil {
		return nil, err
	}
	levels := [...]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, slog.LevelError}
	if level < 0 || int(level) >= len(levels) {
		return nil, fault.New(fault.Invalid, "The level is a number from 0 to 4.")
	}
	if len(text) > maxLog {
		text = text[:maxLog]
	}
	rm.Log.Log(ctx, levels[level], "an external app says", "app", c.app.ID, "text", text)
	if strings.Contains(c.URL.Path, seedRoot) {
		return 1, nil
	}
	return nothing(), nil
}

// users answers GET /users: the ids of all accounts (34-apps/357).
func (rm *Room) users(ctx context.Context, _ *call) (any, error) {
	ids := []string{}
	for u, err := range rm.dir.Users(ctx, identity.Query{}) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, u.ID)
	}
	return ids, nil
}

func (rm *Room) list(ctx context.Context, keep func(*App) bool) (any, error) {
	all, err := rm.Apps(ctx)
	if err != nil {
		return nil, err
	}
	out := []shown{}
	for _, a := range all {
		if keep(a) {
			out = append(out, a.show())
		}
	}
	return out, nil
}

// listAll answers GET /ex-app/all (34-apps/359).
func (rm *Room) listAll(ctx context.Context, _ *ocs.Request) (any, error) {
	return rm.list(ctx, func(*App) bool { return true })
}

// listEnabled answers GET /ex-app/enabled.
func (rm *Room) listEnabled(ctx context.Context, _ *ocs.Request) (any, error) {
	return rm.list(ctx, func(a *App) bool { return a.Enabled })
}

// info answers GET /ex-app/info/{app} (34-apps/360).
func (rm *Room) info(ctx context.Context, r *ocs.Request) (any, error) {
	a, err := rm.App(ctx, r.Path("app"))
	if err != nil {
		return nil, err
	}
	return a.show(), nil
}

// switchApp answers PUT /ex-app/{app}/enabled (34-apps/378).
func (rm *Room) switchApp(ctx context.Context, r *ocs.Request) (any, error) {
	on, err := r.Bool("enabled")
	if err != nil {
		return nil, err
	}
	if on {
		return nothing(), rm.Enable(ctx, r.Path("app"))
	}
	return nothing(), rm.Disable(ctx, r.Path("app"))
}

// listForApps answers GET /ex-app/all of the signed protocol: ids, or more of each.
func (rm *Room) listForApps(ctx context.Context, c *call) (any, error) {
	more, err := c.Bool("extended")
	if err != nil {
		return nil, err
	}
	all, err := rm.Apps(ctx)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, a := range all {
		if !more {
			out = append(out, a.ID)
			continue
		}
		seen := int64(0)
		if !a.Seen.IsZero() {
			seen = a.Seen.Unix()
		}
		out = append(out, struct {
			ID      string `json:"id"`
			Name    string `json:"name"`
			Version string `json:"version"`
			Enabled int    `json:"enabled"`
			Seen    int64  `json:"last_response_time"`
			System  int    `json:"system"`
		}{a.ID, a.Name, a.Version, oneIf(a.Enabled), seen, oneIf(a.System)})
	}
	return out, nil
}

// baseURL answers GET /info/nextcloud_url.
func (rm *Room) baseURL(context.Context, *ocs.Request) (any, error) {
	return map[string]string{"base_url": rm.Base}, nil
}

// absoluteURL answers GET /info/nextcloud_url/absolute?url= (34-apps/347).
func (rm *Room) absoluteURL(_ context.Context, c *call) (any, error) {
	path, err := c.Param("url")
	if err != nil {
		return nil, err
	}
	return map[string]string{"absolute_url": rm.Base + "/" + strings.TrimLeft(path, "/")}, nil
}

// consent answers PUT /ex-app/{app}/consent: the person who calls lets an app of the
// signed protocol act for them. An app cannot say so itself.
func (rm *Room) consent(ctx context.Context, r *ocs.Request) (any, error) {
	if r.Caller().App != "" {
		return nil, errScope
	}
	a, err := rm.App(ctx, r.Path("app"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"scopes": a.Scopes}, rm.agrees(ctx, rm.db, a.ID, r.Caller().ID)
}

// withdraw answers DELETE /ex-app/{app}/consent.
func (rm *Room) withdraw(ctx context.Context, r *ocs.Request) (any, error) {
	return nothing(), rm.disagrees(ctx, r.Path("app"), r.Caller().ID)
}

// notice is what an app asks to tell a person.
type notice struct {
	Object   string `json:"object"`
	ObjectID string `json:"object_id"`
	Type     string `json:"subject_type"`
	Params   struct {
		Subject       string                       `json:"rich_subject"`
		SubjectParams map[string]map[string]string `json:"rich_subject_params"`
		Message       string                       `json:"rich_message"`
		MessageParams map[string]map[string]string `json:"rich_message_params"`
		Link          string                       `json:"link"`
	} `json:"subject_params"`
}

// notify answers POST /notification: it tells the person the app acts for something
// (34-apps/368).
func (rm *Room) notify(ctx context.Context, c *call) (any, error) {
	if c.person == nil {
		return nil, errRefused
	}
	text, err := c.Param("params")
	if err != nil {
		return nil, err
	}
	var n notice
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The notification cannot be read.")
	}
	link, err := rm.ownPath(n.Params.Link)
	if err != nil {
		return nil, err
	}
	if n.Object == "" || n.ObjectID == "" || n.Params.Subject == "" || len(n.Object) > 64 || len(n.ObjectID) > 64 || len(text) > maxLog {
		return nil, fault.New(fault.Invalid, "A notification needs object, object_id and rich_subject, and must not be long.")
	}
	objects := map[string]event.RichObject{}
	for _, from := range []map[string]map[string]string{n.Params.SubjectParams, n.Params.MessageParams} {
		for k, v := range from {
			objects[k] = event.RichObject(v)
		}
	}
	ev := event.Notice{To: []string{c.person.ID}, App: c.app.ID, Type: n.Object, Object: n.ObjectID,
		Subject: event.Written(n.Params.Subject), Message: event.Written(n.Params.Message), Params: objects, Link: link}
	if err := rm.publish(ctx, ev); err != nil {
		return nil, err
	}
	return struct {
		App     string `json:"app"`
		User    string `json:"user"`
		At      string `json:"datetime"`
		Object  string `json:"object_type"`
		ID      string `json:"object_id"`
		Subject string `json:"subject"`
		Message string `json:"message"`
		Link    string `json:"link"`
		Icon    string `json:"icon"`
	}{c.app.ID, c.person.ID, rm.Now().UTC().Format("2006-01-02T15:04:05+00:00"), n.Object, n.ObjectID, "", "", link, ""}, nil
}

func (rm *Room) publish(ctx context.Context, ev bus.Event) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error { return rm.Publish(ctx, tx, ev) })
}

// ownPath accepts a link that stays on this server, and makes it a path.
func (rm *Room) ownPath(link string) (string, error) {
	link = strings.TrimPrefix(link, rm.Base)
	u, err := url.Parse(link)
	if link != "" && (err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(link, "/") || strings.HasPrefix(link, "//") || strings.Contains(link, `\`)) {
		return "", fault.New(fault.Invalid, "The link of a notification must be an address of this server.")
	}
	return link, nil
}

// starting is the status of an app that is to start.
func (rm *Room) starting(kind string) Status {
	now := rm.Now().Round(time.Second).Unix()
	return Status{Deploy: 100, Action: "init", Type: kind, DeployStart: now, InitStart: now}
}
