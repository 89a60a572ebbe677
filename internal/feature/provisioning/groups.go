package provisioning

import (
	"context"
	"errors"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// plugGroups: groups and their members. Lists are for whoever has to do with
// groups or accounts at all, so their handlers look for either right.
func (rm *Room) plugGroups(m *ocs.Mux) {
	groups := web.Right(RightGroups)
	ocs.Handle(m, "GET /cloud/groups", web.User, rm.groups)
	ocs.Handle(m, "GET /cloud/groups/details", web.User, rm.groupsDetails)
	ocs.Handle(m, "GET /cloud/groups/{gid}", web.User, rm.members)
	ocs.Handle(m, "GET /cloud/groups/{gid}/users", web.User, rm.members)
	ocs.Handle(m, "GET /cloud/groups/{gid}/users/details", web.User, rm.membersDetails)
	ocs.Handle(m, "GET /cloud/groups/{gid}/subadmins", web.Admin, rm.leaders, groups)
	ocs.Handle(m, "POST /cloud/groups", web.Admin|web.Confirmed, rm.addGroup, groups)
	ocs.Handle(m, "PUT /cloud/groups/{gid}", web.Admin|web.Confirmed, rm.renameGroup, groups)
	ocs.Handle(m, "DELETE /cloud/groups/{gid}", web.Admin|web.Confirmed, rm.removeGroup, groups)
}

// knowsGroups tells whether the caller may list all groups.
func knowsGroups(p *who.Principal) bool {
	return (p.Role >= who.GroupAdmin || p.Holds(RightUsers) || p.Holds(RightGroups)) && p.Scope.Allows(who.AdminRoom, who.Read)
}

// errNoCharge is the answer to who is in charge of nobody.
var errNoCharge = fault.New(fault.Denied, "Logged in account must be at least a sub admin")

// names are the ids of a page of groups. Who administers one sees all.
func (rm *Room) names(ctx context.Context, r *ocs.Request) ([]string, error) {
	q, err := page(r)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for g, err := range rm.dir.GroupIDs(ctx, q.Search, q.Limit, q.Offset) {
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

func (rm *Room) groups(ctx context.Context, r *ocs.Request) (any, error) {
	if !knowsGroups(r.Caller()) {
		return nil, errNoCharge
	}
	gids, err := rm.names(ctx, r)
	return groupIDs{gids}, err
}

// groupsDetails shows to who administers groups only those.
func (rm *Room) groupsDetails(ctx context.Context, r *ocs.Request) (any, error) {
	p := r.Caller()
	if !knowsGroups(p) {
		return nil, fault.New(fault.Denied, "Logged in account must be an admin, a sub admin or gotten special right to access this setting")
	}
	gids, err := rm.names(ctx, r)
	if err != nil {
		return nil, err
	}
	if !runsAll(p) && !p.Holds(RightGroups) {
		leads, err := rm.leads(ctx, p)
		if err != nil {
			return nil, err
		}
		gids = slices.DeleteFunc(gids, func(g string) bool { return !slices.Contains(leads, g) })
	}
	return rm.groupRecords(ctx, gids)
}

// inCharge tells whether the caller is in charge of a group.
func (rm *Room) inCharge(ctx context.Context, p *who.Principal, gid string) (bool, error) {
	switch {
	case !p.Scope.Allows(who.AdminRoom, who.Read):
		return false, nil
	case runsAll(p), p.Holds(RightGroups):
		return true, nil
	}
	leads, err := rm.leads(ctx, p)
	return slices.Contains(leads, gid), err
}

// members lists who is in a group, to who is in charge of it and to its members
// (31-provisioning/152, 153, 198 and 199).
func (rm *Room) members(ctx context.Context, r *ocs.Request) (any, error) {
	gid, p := r.Path("gid"), r.Caller()
	charge, err := rm.inCharge(ctx, p, gid)
	if err != nil {
		return nil, err
	}
	if !charge && !slices.Contains(p.Groups, gid) {
		return nil, ocs.Fail(403, "")
	}
	if err := rm.hasGroup(ctx, gid, fault.New(fault.NotFound, "The requested group could not be found")); err != nil {
		return nil, err
	}
	q, err := page(r)
	if err != nil {
		return nil, err
	}
	q.Group = gid
	return ids(rm.dir.Users(ctx, q))
}

// membersDetails shows whole records, which members do not see of one another,
// and who only has to do with groups does not either.
func (rm *Room) membersDetails(ctx context.Context, r *ocs.Request) (any, error) {
	gid, p := r.Path("gid"), r.Caller()
	leads, err := rm.leads(ctx, p)
	if err != nil {
		return nil, err
	}
	if !p.Scope.Allows(who.AdminRoom, who.Read) || !runsAll(p) && !slices.Contains(leads, gid) {
		return nil, ocs.Fail(403, "")
	}
	if err := rm.hasGroup(ctx, gid, fault.New(fault.NotFound, "The requested group could not be found")); err != nil {
		return nil, err
	}
	q, err := page(r)
	if err != nil {
		return nil, err
	}
	q.Group = gid
	return rm.detailsOf(ctx, q)
}

func (rm *Room) leaders(ctx context.Context, r *ocs.Request) (any, error) {
	uids, err := rm.dir.GroupAdmins(ctx, r.Path("gid"))
	if errors.Is(err, fault.NotFound) {
		return nil, ocs.Fail(101, "Group does not exist")
	}
	return list(uids), err
}

func (rm *Room) addGroup(ctx context.Context, r *ocs.Request) (any, error) {
	must, err := given(r, "groupid")
	if err != nil {
		return nil, err
	}
	display, err := r.Param("displayname")
	if err != nil {
		return nil, err
	}
	if must[0] == "" {
		return nil, ocs.Fail(101, "Invalid group name")
	}
	err = rm.dir.CreateGroup(ctx, must[0], display)
	switch {
	case errors.Is(err, fault.Exists):
		return nil, ocs.Fail(102, "group exists")
	case errors.Is(err, fault.Invalid):
		return nil, ocs.Fail(101, "Invalid group name")
	}
	return nothing, err
}

// renameGroup changes what a group is called, the only thing of it that can be.
func (rm *Room) renameGroup(ctx context.Context, r *ocs.Request) (any, error) {
	must, err := given(r, "key", "value")
	if err != nil {
		return nil, err
	}
	gid := r.Path("gid")
	if err := rm.hasGroup(ctx, gid, ocs.Fail(998, "Group does not exist")); err != nil {
		return nil, err
	}
	if must[0] != "displayname" {
		return nil, ocs.Fail(999, "")
	}
	if err := ownersOnly(r, gid); err != nil {
		return nil, err
	}
	err = rm.dir.RenameGroup(ctx, gid, must[1])
	if errors.Is(err, fault.Invalid) {
		return nil, ocs.Fail(101, "")
	}
	return nothing, err
}

func (rm *Room) removeGroup(ctx context.Context, r *ocs.Request) (any, error) {
	gid := r.Path("gid")
	err := rm.dir.RemoveGroup(ctx, gid)
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, ocs.Fail(101, "")
	case errors.Is(err, fault.Denied):
		return nil, ocs.Fail(102, "")
	}
	return nothing, err
}

// ownersOnly keeps the group of the administrators to them.
func ownersOnly(r *ocs.Request, gid string) error {
	if gid == identity.AdminGroup && r.Caller().Role != who.Admin {
		return ocs.Fail(403, "")
	}
	return nil
}
