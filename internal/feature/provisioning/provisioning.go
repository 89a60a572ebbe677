// Package provisioning is the interface for scripts and clients to accounts and
// groups: listing, making, changing, locking and deleting them, who administers
// which group, and settings of rooms. What people may change of themselves goes
// through it too. The calls are those of Nextcloud's provisioning API (recorded
// in 31-provisioning).
//
// It keeps nothing: accounts and groups are core/identity's. It does not know
// files, mail or other rooms but by the small interfaces Homes, Mailer and Apps.
package provisioning

import (
	"context"
	"net/http"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// The rights that let somebody do what administrators do, here: with accounts,
// and with groups. Neither reaches administrators, or anybody who may do more.
const (
	RightUsers  = "users"
	RightGroups = "groups"
)

// Homes tells what accounts hold in files, and bounds it.
type Homes interface {
	// Held tells what each account holds. It makes nothing.
	Held(ctx context.Context, us []*identity.User) ([]Holding, error)
	SetQuota(ctx context.Context, uid string, bytes int64) error
}

// Holding is how many bytes an account uses and how many it may use in all; Total
// is identity.NoQuota when there is no bound.
type Holding struct{ Used, Total int64 }

// Mailer writes to people.
type Mailer interface {
	// Welcome tells an account's owner where to sign in and how to choose a password.
	// Without an address it is fault.Invalid, without a mail server fault.Unsupported.
	Welcome(ctx context.Context, u *identity.User) error
}

// App is a part of the server that clients know by name.
type App struct {
	ID, Name, Summary string
	Version           string
	Enabled           bool
	Always            bool // cannot be switched off
}

// Apps switches parts of the server on and off.
type Apps interface {
	List(ctx context.Context) ([]App, error)
	// Enable and Disable answer fault.NotFound for an app there is none of, and
	// fault.Denied for one that is always on.
	Enable(ctx context.Context, id string) error
	Disable(ctx context.Context, id string) error
}

// Room serves the provisioning API.
type Room struct {
	// Preferences are what people choose for themselves. It is set before Plug; nil:
	// there are none.
	Preferences Preferences

	dir      *identity.Directory
	homes    Homes
	settings *settings.Store
	apps     Apps
	mail     Mailer // nil: no mail is sent
	most     int    // so many whole records one answer holds
}

// New returns the room. From then on the directory tells homes of new quotas,
// and takes phone numbers without a country to be of the one that the setting
// default_phone_region of the system names.
func New(dir *identity.Directory, homes Homes, s *settings.Store, apps Apps, mail Mailer) *Room {
	rm := &Room{dir: dir, homes: homes, settings: s, apps: apps, mail: mail, most: maxDetails}
	dir.OnQuota(homes.SetQuota)
	dir.Region = func(ctx context.Context) (string, error) { return s.Default(ctx, "system", "default_phone_region", "") }
	return rm
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Caps.Add("provisioning_api", caps)
	rm.plugUsers(b.OCS)
	rm.plugAccess(b.OCS)
	rm.plugGroups(b.OCS)
	rm.plugApps(b.OCS)
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
}

// caps is the section of the capabilities (30-core/005). There is no server
// where profiles are published.
func caps(context.Context, *http.Request) any {
	return struct {
		Version   string `json:"version"`
		Scopes    int    `json:"AccountPropertyScopesVersion"`
		Federated bool   `json:"AccountPropertyScopesFederatedEnabled"`
		Published bool   `json:"AccountPropertyScopesPublishedEnabled"`
	}{"1.22.0", 2, true, false}
}

// plugUsers: accounts.
func (rm *Room) plugUsers(m *ocs.Mux) {
	users := web.Right(RightUsers)
	ocs.Handle(m, "GET /cloud/user", web.User, rm.self)
	ocs.Handle(m, "GET /cloud/user/fields", web.User, rm.ownFields)
	ocs.Handle(m, "GET /cloud/user/fields/{id}", web.User, rm.fields)
	ocs.Handle(m, "GET /cloud/user/apps", web.GroupAdmin, rm.userApps)
	ocs.Handle(m, "GET /cloud/users", web.GroupAdmin, rm.list, users)
	ocs.Handle(m, "GET /cloud/users/details", web.GroupAdmin, rm.details, users)
	ocs.Handle(m, "GET /cloud/users/disabled", web.GroupAdmin, rm.disabled, users)
	ocs.Handle(m, "GET /cloud/users/recent", web.Admin, rm.recent, users)
	ocs.Handle(m, "POST /cloud/users/search/by-phone", web.User, rm.byPhone, web.PerMinute(30))
	ocs.Handle(m, "POST /cloud/users", web.GroupAdmin|web.Confirmed, rm.create, users)
	ocs.Handle(m, "GET /cloud/users/{id}", web.User, rm.user)
	ocs.Handle(m, "PUT /cloud/users/{id}", web.User|web.Confirmed, rm.edit)
	ocs.Handle(m, "PUT /cloud/users/{id}/{collection}", web.User|web.Confirmed, rm.editMany)
	ocs.Handle(m, "PUT /cloud/users/{id}/enable", web.GroupAdmin|web.Confirmed, rm.enable, users)
	ocs.Handle(m, "PUT /cloud/users/{id}/disable", web.GroupAdmin|web.Confirmed, rm.disable, users)
	ocs.Handle(m, "DELETE /cloud/users/{id}", web.GroupAdmin|web.Confirmed, rm.remove, users)
	ocs.Handle(m, "POST /cloud/users/{id}/wipe", web.GroupAdmin|web.Confirmed, rm.wipe, users)
	ocs.Handle(m, "POST /cloud/users/{id}/welcome", web.GroupAdmin|web.Confirmed, rm.welcome, users)
}

// errUnknown is the answer to who may not know whether an account exists.
var errUnknown = ocs.Fail(998, "")

// missing is the answer when a parameter that must be there is not.
func missing(name string) error {
	return fault.New(fault.Invalid, "The parameter {name} is missing.", "name", name)
}

// given returns parameters that must be there, though they may be empty.
func given(r *ocs.Request, names ...string) ([]string, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	out := make([]string, len(names))
	for i, n := range names {
		if !p.Has(n) {
			return nil, missing(n)
		}
		out[i] = p.Get(n)
	}
	return out, nil
}

// nothing is the data of an answer that has none.
var nothing = []int{}
