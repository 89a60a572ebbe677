// Package administration is what administrators see and change in the browser
// without a room of its own for it: the settings of all rooms, as these describe
// them, beside those of the configuration, each with where its value comes from
// and the command that does the same; who may administer what; and what the server
// logged lately. It keeps nothing: values are core/settings'.
package administration

import (
	"context"
	"net/http"
	"slices"

	"atrium/internal/base/who"
	"atrium/internal/core/settings"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/logs"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Room shows and changes settings.
type Room struct {
	// Log holds what the process logged lately.
	Log *logs.Recent

	settings *settings.Store
	config   conf.Config
	source   conf.Source
	offered  *plug.Sockets[[]plug.Setting]
}

// New returns the room. The configuration is what the process began with, from
// source.
func New(s *settings.Store, c conf.Config, source conf.Source) *Room {
	return &Room{Log: &logs.Recent{}, settings: s, config: c, source: source}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.offered = &b.Settings
	b.Caps.Add("administration", mayAdminister)
	b.Search.Add("settings", finder{rm})
	right := web.Right("settings")
	const root = "/apps/administration/api/v1/settings"
	ocs.Handle(b.OCS, "GET "+root, web.Admin, rm.list, right)
	ocs.Handle(b.OCS, "PUT "+root+"/{app}/{name}", web.Admin|web.Confirmed, rm.set, right)
	ocs.Handle(b.OCS, "DELETE "+root+"/{app}/{name}", web.Admin|web.Confirmed, rm.reset, right)
	ocs.Handle(b.OCS, "GET /apps/administration/api/v1/log", web.Admin, rm.showLog)
}

type powers struct {
	Admin  bool     `json:"admin"`
	Groups bool     `json:"groups"` // administers some groups
	Rights []string `json:"rights"` // by roles
}

// mayAdminister is the section of the capabilities, for those who administer
// anything.
func mayAdminister(ctx context.Context, _ *http.Request) any {
	p := who.From(ctx)
	if p == nil || p.Role == who.User && len(p.Rights) == 0 || !p.Scope.Allows(who.AdminRoom, who.Read) {
		return nil
	}
	rights := slices.Clone(p.Rights)
	if rights == nil {
		rights = []string{}
	}
	slices.Sort(rights)
	return powers{p.Role == who.Admin, p.Role == who.GroupAdmin, slices.Compact(rights)}
}
