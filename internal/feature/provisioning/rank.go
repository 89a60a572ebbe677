package provisioning

import (
	"context"
	"errors"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
)

// may tells whether a caller may act on somebody else's account: administrators
// on all; who holds the right to do with accounts what they do, on those who may
// do no more than the caller; who administers a group, on such members of it. An app password must be let into administration for any of it.
func (rm *Room) may(ctx context.Context, p *who.Principal, v who.Verb, uid string) (bool, error) {
	switch {
	case !p.Scope.Allows(who.AdminRoom, v):
		return false, nil
	case p.Role == who.Admin:
		return true, nil
	}
	if p.Holds(RightUsers) {
		if v == who.Read {
			return true, nil
		}
		if below, err := rm.below(ctx, p, uid); below || err != nil {
			return below, err
		}
	}
	if p.Role < who.GroupAdmin {
		return false, nil
	}
	charge, err := rm.dir.AdministersUser(ctx, p.ID, uid)
	if !charge || err != nil || v == who.Read {
		return charge, err
	}
	own, err := rm.leads(ctx, p)
	if err != nil {
		return false, err
	}
	theirs, err := rm.dir.Administers(ctx, uid)
	if err != nil || slices.ContainsFunc(theirs, func(g string) bool { return !slices.Contains(own, g) }) {
		return false, err // or the caller would be in charge of those groups too
	}
	return rm.below(ctx, p, uid)
}

// below tells whether an account may do nothing that the caller may not.
func (rm *Room) below(ctx context.Context, p *who.Principal, uid string) (bool, error) {
	groups, err := rm.dir.GroupsOf(ctx, uid)
	if err != nil || slices.Contains(groups, identity.AdminGroup) {
		return false, err
	}
	return rm.covers(ctx, p, uid, groups)
}

// covers tells whether the caller holds every right that an account has by its
// roles when it is in these groups.
func (rm *Room) covers(ctx context.Context, p *who.Principal, uid string, groups []string) (bool, error) {
	if rm.dir.Roles == nil || p.Role == who.Admin {
		return true, nil
	}
	rights, _, err := rm.dir.Roles(ctx, uid, groups)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(rights, func(r string) bool { return !p.Holds(r) }), nil
}

// target returns the account that a request names and that its caller may act
// on. All others, and those that do not exist, are errUnknown.
func (rm *Room) target(ctx context.Context, r *ocs.Request, v who.Verb) (*identity.User, error) {
	u, err := rm.dir.User(ctx, r.Path("id"))
	if errors.Is(err, fault.NotFound) {
		return nil, errUnknown
	}
	if err != nil {
		return nil, err
	}
	may, err := rm.may(ctx, r.Caller(), v, u.ID)
	if err == nil && !may {
		err = errUnknown
	}
	return u, err
}

// runsAll tells whether the caller is in charge of all accounts, but for what
// below keeps out.
func runsAll(p *who.Principal) bool { return p.Holds(RightUsers) }

// leads returns the groups that the caller administers.
func (rm *Room) leads(ctx context.Context, p *who.Principal) ([]string, error) {
	return rm.dir.Administers(ctx, p.ID)
}
