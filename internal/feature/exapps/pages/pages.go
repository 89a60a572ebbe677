// Package pages shows people what external apps add to our pages: the entries of menus as a
// section of the capabilities, an app's own page as a document that can do nothing but ask
// that app, the forms of its settings, and which apps act for somebody. It keeps nothing;
// package exapps does.
package pages

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Room shows them.
type Room struct {
	Log *slog.Logger

	apps *exapps.Room
}

// New returns the room.
func New(apps *exapps.Room) *Room { return &Room{slog.New(slog.DiscardHandler), apps} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Caps.Add("external_apps", rm.caps)
	for _, path := range []string{"", "/{rest...}"} {
		b.Web.Handle(http.MethodGet, "/apps/app_api/frame/{app}/{name}"+path, web.User, rm.frame, web.In("app_api"))
	}
	b.Web.Handle(http.MethodGet, "/apps/app_api/icon/{app}/{name}", web.User, rm.icon, web.In("app_api"))
	ocs.Handle(b.OCS, "GET "+scope.API+"/api/v1/consents", web.User, people(rm.consents))
	const forms = "/settings/api/declarative"
	ocs.Handle(b.OCS, "GET "+forms+"/forms", web.User, people(rm.forms))
	ocs.Handle(b.OCS, "POST "+forms+"/value", web.User, people(rm.setValue))
	ocs.Handle(b.OCS, "POST "+forms+"/value-sensitive", web.User|web.Confirmed, people(rm.setSecret))
}

// people keeps apps out.
func people(f ocs.Endpoint) ocs.Endpoint {
	return func(ctx context.Context, r *ocs.Request) (any, error) {
		if r.Caller().App != "" {
			return nil, fault.New(fault.Denied, "An external app may not do this.")
		}
		return f(ctx, r)
	}
}

// The bounds of what the capabilities tell: entries of a kind, and letters of a text.
const (
	maxEntries = 50
	maxText    = 100
)

// section is what the client must know to draw itself. It is left out when there are no apps.
type section struct {
	Menu    []entry  `json:"menu"`
	Actions []action `json:"actions"`
	Forms   sections `json:"forms"`
}

// entry is one of the main menu.
type entry struct {
	App   string `json:"app"`
	Name  string `json:"name"`
	Label string `json:"label"`
	Icon  string `json:"icon"` // a path of the app, "" for none
}

// action is an entry in the menus of files.
type action struct {
	entry
	Mime        string `json:"mime"`
	Permissions int    `json:"permissions"`
	Order       int    `json:"order"`
}

// sections tells where there are forms.
type sections struct {
	Personal bool `json:"personal"`
	Admin    bool `json:"admin"`
}

// caps is the section of the capabilities: what whoever asks may use of enabled apps.
func (rm *Room) caps(ctx context.Context, _ *http.Request) any {
	all, err := rm.apps.Apps(ctx)
	if err != nil || !slices.ContainsFunc(all, func(a *exapps.App) bool { return a.Enabled }) {
		return rm.without(ctx, err)
	}
	parts, err := rm.apps.Declared(ctx, exapps.MenuKind, exapps.ActionKind, exapps.FormKind)
	if err != nil {
		return rm.without(ctx, err)
	}
	out, admin := section{Menu: []entry{}, Actions: []action{}}, who.From(ctx).Role == who.Admin
	for _, p := range parts {
		e := entry{p.App, p.Name, brief(cmp.Or(text(p, "display_name"), p.Name)), text(p, "icon")}
		switch {
		case p.Kind == exapps.MenuKind && (admin || number(p, "admin_required", 0) == 0):
			out.Menu = append(out.Menu, e)
		case p.Kind == exapps.ActionKind:
			out.Actions = append(out.Actions, action{e, cmp.Or(text(p, "mime"), "file"), number(p, "permissions", 31), number(p, "order", 0)})
		case p.Kind == exapps.FormKind:
			f, _ := formOf(p)
			out.Forms.Personal = out.Forms.Personal || f.Section == personal
			out.Forms.Admin = out.Forms.Admin || f.Section == forAdmins && admin
		}
	}
	slices.SortStableFunc(out.Actions, func(a, b action) int { return cmp.Compare(a.Order, b.Order) })
	out.Menu, out.Actions = out.Menu[:min(len(out.Menu), maxEntries)], out.Actions[:min(len(out.Actions), maxEntries)]
	return out
}

// without leaves the section out: capabilities are told even when apps cannot be read.
func (rm *Room) without(ctx context.Context, err error) any {
	if err != nil {
		rm.Log.ErrorContext(ctx, "what external apps add cannot be told", "err", err)
	}
	return nil
}

func text(p exapps.Part, key string) string {
	s, _ := p.Body[key].(string)
	return s
}

// number is one that apps write as a number or a text.
func number(p exapps.Part, key string, def int) int {
	switch v := p.Body[key].(type) {
	case float64:
		return int(v)
	case string:
		if n, err := strconv.Atoi(v); err == nil {
			return n
		}
	}
	return def
}

// brief is the beginning of a text that is too long for a menu.
func brief(s string) string {
	if r := []rune(s); len(r) > maxText {
		return string(r[:maxText-1]) + "…"
	}
	return s
}

// consent is an app that acts for somebody or could, on the wire.
type consent struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Scopes  []string `json:"scopes"`
	Asks    bool     `json:"asks"`   // it acts only for who has agreed
	Agreed  bool     `json:"agreed"` // they have
	Acted   int64    `json:"acted"`  // Unix seconds, to the hour; 0: never
}

// consents answers GET /consents: all enabled apps, by name.
func (rm *Room) consents(ctx context.Context, r *ocs.Request) (any, error) {
	all, err := rm.apps.Apps(ctx)
	if err != nil {
		return nil, err
	}
	dealings, err := rm.apps.Dealings(ctx, r.Caller().ID)
	if err != nil {
		return nil, err
	}
	out := []consent{}
	for _, a := range all {
		if !a.Enabled {
			continue
		}
		d := dealings[a.ID]
		out = append(out, consent{a.ID, a.Name, a.Version, append([]string{}, a.Scopes...), a.Signed && !a.System, d.Agreed, unix(d.Acted)})
	}
	slices.SortFunc(out, func(a, b consent) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
