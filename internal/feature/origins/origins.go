// Package origins keeps which other sites' pages may call our interfaces from their
// scripts, with tokens of their own. It keeps a setting and knows no requests: the
// answers are proto/web's.
package origins

import (
	"context"
	"net/url"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/settings"
	"atrium/internal/proto/plug"
)

// The setting: origins with blanks between them.
const (
	app     = "cors"
	allowed = "allowed_origins"
)

// Room is the list.
type Room struct{ settings *settings.Store }

// New returns the room. It touches nothing of what it is given.
func New(s *settings.Store) *Room { return &Room{s} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Settings.Add(app, []plug.Setting{{App: app, Name: allowed, Kind: plug.SettingText, Check: check}})
}

// check refuses what no browser would send as an origin (RFC 6454, section 6.2): it
// would allow nobody.
func check(list string) error {
	for _, origin := range strings.Fields(list) {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || origin != u.Scheme+"://"+strings.ToLower(u.Host) {
			return fault.New(fault.Invalid, "Each site must be written as https://host or https://host:port, with blanks between them.")
		}
	}
	return nil
}

// Allowed returns the origins, as they were at most a second ago.
func (rm *Room) Allowed(ctx context.Context) ([]string, error) {
	values, err := rm.settings.Recent(ctx, app)
	return strings.Fields(values[allowed]), err
}
