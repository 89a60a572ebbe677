// Package leave lets people delete their account themselves, where an
// administrator allows it. It keeps nothing: what goes with an account is the
// business of the rooms that keep it.
package leave

import (
	"context"
	"net/http"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/lock"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// The setting that allows it.
const (
	App     = "leave"
	allowed = "allowed"
)

// leased is how long nobody else is let go: two administrators must not leave at once.
const leased = 30 * time.Second

// Room lets people go.
type Room struct {
	dir      *identity.Directory
	settings *settings.Store
	lock     lock.Locker
}

// New returns the room. It touches none of what it is given.
func New(dir *identity.Directory, s *settings.Store, l lock.Locker) *Room { return &Room{dir, s, l} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Settings.Add(App, []plug.Setting{{App: App, Name: allowed, Kind: plug.SettingYes, Default: "no"}})
	b.Caps.Add(App, rm.caps)
	ocs.Handle(b.OCS, "DELETE /apps/leave/api/v1/account", web.User|web.Confirmed, rm.remove, web.PerMinute(5))
}

// caps tells clients whether to offer it.
func (rm *Room) caps(ctx context.Context, _ *http.Request) any {
	if ok, err := rm.allowed(ctx); err != nil || !ok {
		return nil
	}
	return map[string]bool{"enabled": true}
}

func (rm *Room) allowed(ctx context.Context) (bool, error) {
	v, err := rm.settings.Default(ctx, App, allowed, "no")
	return v == "yes", err
}

// remove answers DELETE …/account: the caller's account goes, with its files,
// its shares and all ways in.
func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	return []string{}, rm.Leave(ctx, r.Caller())
}

// Leave deletes the account of p. It is fault.Denied where that is not allowed, and
// for the last who can look after the server.
func (rm *Room) Leave(ctx context.Context, p *who.Principal) error {
	if p.Via == who.ViaAppPassword {
		return fault.New(fault.Denied, "An app password cannot delete the account it belongs to.")
	}
	ok, err := rm.allowed(ctx)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.Denied, "Accounts are deleted by the administrators of this server. Ask them.")
	}
	ctx, release, err := rm.lock.Lock(ctx, App, leased)
	if err != nil {
		return err
	}
	defer release()
	last, err := rm.last(ctx, p.ID)
	if err != nil {
		return err
	}
	if last {
		return fault.New(fault.Denied, "You are the last administrator: nobody could look after this server any more. Make somebody else one first.")
	}
	return rm.dir.Remove(ctx, p.ID)
}

// last tells whether an account is the only one that administers the server and can
// be used.
func (rm *Room) last(ctx context.Context, uid string) (bool, error) {
	one, others := false, false
	for u, err := range rm.dir.Users(ctx, identity.Query{Group: identity.AdminGroup}) {
		if err != nil {
			return false, err
		}
		one = one || u.ID == uid
		others = others || u.ID != uid && u.Enabled
	}
	return one && !others, nil
}
