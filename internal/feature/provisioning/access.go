package provisioning

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// plugAccess: which groups an account is in, and which it administers. Members are
// moved by who holds either right, so the handlers look.
func (rm *Room) plugAccess(m *ocs.Mux) {
	users := web.Right(RightUsers)
	ocs.Handle(m, "GET /cloud/users/{id}/groups", web.User, rm.groupsOf)
	ocs.Handle(m, "GET /cloud/users/{id}/groups/details", web.User, rm.groupsOfDetails)
	ocs.Handle(m, "POST /cloud/users/{id}/groups", web.User|web.Confirmed, rm.join, web.In(who.AdminRoom))
	ocs.Handle(m, "DELETE /cloud/users/{id}/groups", web.User|web.Confirmed, rm.leave, web.In(who.AdminRoom))
	ocs.Handle(m, "GET /cloud/users/{id}/subadmins", web.Admin, rm.led, users)
	ocs.Handle(m, "GET /cloud/users/{id}/subadmins/details", web.Admin, rm.ledDetails, users)
	ocs.Handle(m, "POST /cloud/users/{id}/subadmins", web.Admin|web.Confirmed, rm.appoint, users)
	ocs.Handle(m, "DELETE /cloud/users/{id}/subadmins", web.Admin|web.Confirmed, rm.dismiss, users)
}

type groupIDs struct {
	Groups []string `json:"groups"`
}

type groupRecord struct {
	ID        string `json:"id"`
	Display   string `json:"displayname"`
	Users     int64  `json:"usercount"`
	Disabled  int64  `json:"disabled"`
	CanAdd    bool   `json:"canAdd"`
	CanRemove bool   `json:"canRemove"`
}

type groupRecords struct {
	Groups []groupRecord `json:"groups"`
}

// visible are the groups of an account that the caller may know of: all of one's
// own, and of others those that one administers (31-provisioning/027 to 029).
func (rm *Room) visible(ctx context.Context, r *ocs.Request) ([]string, error) {
	p := r.Caller()
	if r.Path("id") == p.ID {
		return rm.dir.GroupsOf(ctx, p.ID)
	}
	u, err := rm.target(ctx, r, who.Read)
	if err != nil {
		return nil, err
	}
	groups, err := rm.dir.GroupsOf(ctx, u.ID)
	if err != nil || runsAll(p) {
		return groups, err
	}
	leads, err := rm.leads(ctx, p)
	return slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return !slices.Contains(leads, g) }), err
}

func (rm *Room) groupsOf(ctx context.Context, r *ocs.Request) (any, error) {
	gids, err := rm.visible(ctx, r)
	return groupIDs{list(gids)}, err
}

func (rm *Room) groupsOfDetails(ctx context.Context, r *ocs.Request) (any, error) {
	gids, err := rm.visible(ctx, r)
	if err != nil {
		return nil, err
	}
	return rm.groupRecords(ctx, gids)
}

func (rm *Room) groupRecords(ctx context.Context, gids []string) (any, error) {
	gs, err := rm.dir.GroupDetails(ctx, gids)
	out := groupRecords{make([]groupRecord, len(gs))}
	for i, g := range gs {
		out.Groups[i] = groupRecord{g.ID, g.Display, g.Members, g.Disabled, true, true}
	}
	return out, err
}

// bodyParam reads a parameter of the query or of a form in the body, which
// clients send with DELETE too (31-provisioning/175).
func bodyParam(r *ocs.Request, name string) (string, error) {
	v, err := r.Param(name)
	if v != "" || err != nil || r.Method != http.MethodDelete || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return v, err
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	q, err := url.ParseQuery(string(b))
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	return q.Get(name), nil
}

// membership reads which account and which group a request is about. The codes
// are those of 31-provisioning/171 to 177.
func (rm *Room) membership(ctx context.Context, r *ocs.Request) (*identity.User, string, error) {
	if !knowsGroups(r.Caller()) {
		return nil, "", errNoCharge
	}
	gid, err := bodyParam(r, "groupid")
	if err != nil {
		return nil, "", err
	}
	if gid == "" {
		return nil, "", ocs.Fail(101, "")
	}
	if err := rm.hasGroup(ctx, gid, ocs.Fail(102, "")); err != nil {
		return nil, "", err
	}
	u, err := rm.dir.User(ctx, r.Path("id"))
	if errors.Is(err, fault.NotFound) {
		return nil, "", ocs.Fail(103, "")
	}
	return u, gid, err
}

// mayMove tells whether the caller may put an account into a group and take it
// out. The group of the administrators is theirs alone, and one that gives a role
// is for those who have its rights. Who administers a group does so with accounts
// of their own groups only: otherwise they would be in charge of anybody by
// adding them.
func (rm *Room) mayMove(ctx context.Context, p *who.Principal, u *identity.User, gid string) (bool, error) {
	switch {
	case !p.Scope.Allows(who.AdminRoom, who.Write):
		return false, nil
	case p.Role == who.Admin:
		return true, nil
	case gid == identity.AdminGroup:
		return false, nil
	}
	if covered, err := rm.covers(ctx, p, u.ID, []string{gid}); !covered || err != nil {
		return false, err
	}
	if runsAll(p) || p.Holds(RightGroups) {
		if below, err := rm.below(ctx, p, u.ID); below || err != nil {
			return below, err
		}
	}
	leads, err := rm.leads(ctx, p)
	if err != nil || !slices.Contains(leads, gid) {
		return false, err
	}
	return rm.may(ctx, p, who.Write, u.ID)
}

func (rm *Room) join(ctx context.Context, r *ocs.Request) (any, error) {
	u, gid, err := rm.membership(ctx, r)
	if err != nil {
		return nil, err
	}
	may, err := rm.mayMove(ctx, r.Caller(), u, gid)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, ocs.Fail(104, "")
	}
	return nothing, rm.dir.AddMember(ctx, gid, u.ID)
}

func (rm *Room) leave(ctx context.Context, r *ocs.Request) (any, error) {
	u, gid, err := rm.membership(ctx, r)
	if err != nil {
		return nil, err
	}
	p := r.Caller()
	leads, err := rm.leads(ctx, p)
	if err != nil {
		return nil, err
	}
	if u.ID == p.ID && gid == identity.AdminGroup && p.Role == who.Admin {
		return nil, ocs.Fail(105, "Cannot remove yourself from the admin group")
	}
	if u.ID == p.ID && slices.Contains(leads, gid) {
		return nil, ocs.Fail(105, "Cannot remove yourself from this group as you are a sub-admin")
	}
	may, err := rm.mayMove(ctx, p, u, gid)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, ocs.Fail(104, "")
	}
	if !runsAll(p) && !p.Holds(RightGroups) {
		groups, err := rm.dir.GroupsOf(ctx, u.ID)
		if err != nil {
			return nil, err
		}
		others := slices.ContainsFunc(groups, func(g string) bool { return g != gid && slices.Contains(leads, g) })
		if !others {
			return nil, ocs.Fail(105, "Not viable to remove user from the last group you are sub-admin of")
		}
	}
	return nothing, rm.dir.RemoveMember(ctx, gid, u.ID)
}

func (rm *Room) ledBy(ctx context.Context, r *ocs.Request) ([]string, error) {
	leads, err := rm.dir.Administers(ctx, r.Path("id"))
	if errors.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "User does not exist")
	}
	return leads, err
}

func (rm *Room) led(ctx context.Context, r *ocs.Request) (any, error) {
	leads, err := rm.ledBy(ctx, r)
	return list(leads), err
}

func (rm *Room) ledDetails(ctx context.Context, r *ocs.Request) (any, error) {
	leads, err := rm.ledBy(ctx, r)
	if err != nil {
		return nil, err
	}
	return rm.groupRecords(ctx, leads)
}

// appoint lets an account administer a group (31-provisioning/136 to 141).
func (rm *Room) appoint(ctx context.Context, r *ocs.Request) (any, error) {
	gid, err := bodyParam(r, "groupid")
	if err != nil {
		return nil, err
	}
	u, err := rm.dir.User(ctx, r.Path("id"))
	if errors.Is(err, fault.NotFound) {
		return nil, ocs.Fail(101, "User does not exist")
	}
	if err != nil {
		return nil, err
	}
	if err := rm.hasGroup(ctx, gid, ocs.Fail(102, "Group does not exist")); err != nil {
		return nil, err
	}
	if gid == identity.AdminGroup {
		return nil, ocs.Fail(103, "Cannot create sub-admins for admin group")
	}
	return nothing, rm.dir.AddGroupAdmin(ctx, gid, u.ID)
}

// dismiss takes that back (31-provisioning/167 to 169).
func (rm *Room) dismiss(ctx context.Context, r *ocs.Request) (any, error) {
	gid, err := bodyParam(r, "groupid")
	if err != nil {
		return nil, err
	}
	leads, err := rm.dir.Administers(ctx, r.Path("id"))
	if errors.Is(err, fault.NotFound) {
		return nil, ocs.Fail(101, "User does not exist")
	}
	if err != nil {
		return nil, err
	}
	if err := rm.hasGroup(ctx, gid, ocs.Fail(101, "Group does not exist")); err != nil {
		return nil, err
	}
	if !slices.Contains(leads, gid) {
		return nil, ocs.Fail(102, "User is not a sub-admin of this group")
	}
	return nothing, rm.dir.RemoveGroupAdmin(ctx, gid, r.Path("id"))
}
