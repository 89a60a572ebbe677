// Package principals names people and groups as WebDAV does (RFC 3744), so that
// clients of calendars, address books and rights find who they are and whom they
// may invite. It keeps nothing: who may know of whom is said by whoever finds
// people for share dialogues. It knows no calendars; rooms that keep something for a
// principal add properties with DAV.Props("principals", …), where the path of a
// resource is "/users/{id}" or "/groups/{id}".
package principals

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
)

// Known is the people and groups that somebody may know of. What they may not is
// fault.NotFound, as what is not there.
type Known interface {
	Person(ctx context.Context, p *who.Principal, uid string) (*identity.User, error)
	Group(ctx context.Context, p *who.Principal, gid string) (identity.Group, error)
	People(ctx context.Context, p *who.Principal, text string, page, perPage int) (us []*identity.User, more bool, err error)
	Groups(ctx context.Context, p *who.Principal, text string) (gs []identity.Group, more bool, err error)
}

// Room shows principals.
type Room struct{ known Known }

// New returns the room.
func New(known Known) *Room { return &Room{known} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.DAV.Mount(dav.Principals, collection{rm})
	b.DAV.Props(dav.Principals, props{})
}

// The collections of principals (17-dav-misc/041). Rooms and resources that could be
// booked are none; who is in the others is asked by name or by report.
var kinds = []string{"users", "groups", "system", "calendar-resources", "calendar-rooms", "remote-users"}

// The parts of a person that stand for those who act in their place
// (17-dav-misc/044, 049).
var proxies = []string{"calendar-proxy-read", "calendar-proxy-write"}

// principal is the value of a resource that is one.
type principal struct {
	user  *identity.User // nil for groups
	group *identity.Group
	proxy string // the part of the person, "" for themselves
}

// collection is the mount.
type collection struct{ rm *Room }

// Stat implements dav.Collection.
func (c collection) Stat(ctx context.Context, path string) (dav.Resource, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	r := dav.Resource{Path: path, Dir: true}
	switch {
	case path == "/":
		return r, nil
	case !slices.Contains(kinds, parts[0]):
		return r, fault.New(fault.NotFound, "File not found: "+parts[0]+" in 'principals'")
	case len(parts) == 1:
		return r, nil
	case parts[0] == "users" && len(parts) == 3 && slices.Contains(proxies, parts[2]):
		u, err := c.rm.known.Person(ctx, who.From(ctx), parts[1])
		return proxy(path, u, parts[2]), err
	case parts[0] == "users" && len(parts) == 2:
		u, err := c.rm.known.Person(ctx, who.From(ctx), parts[1])
		if err == nil {
			r = person(u)
		}
		return r, err
	case parts[0] == "groups" && len(parts) == 2:
		g, err := c.rm.known.Group(ctx, who.From(ctx), parts[1])
		return group(g), err
	}
	return r, fault.New(fault.NotFound, "There is no such principal.")
}

func person(u *identity.User) dav.Resource {
	return dav.Resource{Path: "/users/" + u.ID, Dir: true, Value: &principal{user: u}}
}

// proxy is no collection, but its address ends in a slash as recorded.
func proxy(path string, u *identity.User, name string) dav.Resource {
	return dav.Resource{Path: path, Dir: true, Value: &principal{user: u, proxy: name}}
}

func group(g identity.Group) dav.Resource {
	return dav.Resource{Path: "/groups/" + g.ID, Dir: true, Value: &principal{group: &g}}
}

// List implements dav.Collection. Nobody is listed (17-dav-misc/042, 048, 051).
func (c collection) List(_ context.Context, folder dav.Resource) iter.Seq2[dav.Resource, error] {
	var rs []dav.Resource
	p, _ := folder.Value.(*principal)
	switch {
	case folder.Path == "/":
		for _, k := range kinds {
			rs = append(rs, dav.Resource{Path: "/" + k, Dir: true})
		}
	case p != nil && p.user != nil && p.proxy == "":
		for _, k := range proxies {
			rs = append(rs, proxy(folder.Path+"/"+k, p.user, k))
		}
	case p == nil && !strings.HasPrefix(folder.Path, "/calendar-"):
		return func(yield func(dav.Resource, error) bool) { yield(dav.Resource{}, errUnlisted) }
	}
	return dav.Each(rs)
}

var errUnlisted = &dav.Error{Status: http.StatusMethodNotAllowed, Exception: "MethodNotAllowed", Text: "Listing members of this collection is disabled"}
