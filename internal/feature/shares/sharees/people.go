package sharees

import (
	"context"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/feature/shares"
)

// People finds accounts by a part of an id, name or address, as share dialogues show
// them to somebody: at most maxPage on a page, pages counted from 1. more tells that
// there is a next one.
func (rm *Room) People(ctx context.Context, p *who.Principal, text string, page, perPage int) (us []*identity.User, more bool, err error) {
	f, err := rm.find(ctx, query{p: p, text: text, kinds: []shares.Kind{shares.User}, page: page, perPage: min(perPage, maxPage)})
	if page > 1 { // whoever is called exactly so stands on the first page
		f.exactUsers = nil
	}
	return append(f.exactUsers, f.users...), f.more, err
}

// Groups finds groups as People finds accounts, on the first page only.
func (rm *Room) Groups(ctx context.Context, p *who.Principal, text string) (gs []identity.Group, more bool, err error) {
	f, err := rm.find(ctx, query{p: p, text: text, kinds: []shares.Kind{shares.Group}, page: 1, perPage: maxPage})
	return append(f.exactGroups, f.groups...), f.more, err
}

// Person is an account that somebody may know of by its whole id; otherwise, and
// where there is none, fault.NotFound. Everybody knows themselves.
func (rm *Room) Person(ctx context.Context, p *who.Principal, uid string) (*identity.User, error) {
	u, err := rm.dir.User(ctx, uid)
	if err != nil || u.ID == p.ID {
		return u, err
	}
	if !u.Enabled {
		return nil, errNobody
	}
	theirs, err := rm.dir.GroupsOf(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	ok, err := rm.known(ctx, p, theirs)
	if err == nil && !ok {
		err = errNobody
	}
	return u, err
}

// Group is a group that somebody may know of by its whole id; otherwise, and where
// there is none, fault.NotFound. Everybody knows their own.
func (rm *Room) Group(ctx context.Context, p *who.Principal, gid string) (identity.Group, error) {
	g, err := rm.dir.Group(ctx, gid)
	if err != nil {
		return g, err
	}
	own, err := rm.shares.Groups(ctx, p)
	if err != nil || slices.Contains(own, g.ID) {
		return g, err
	}
	pol, err := rm.shares.Policy(ctx)
	if err != nil {
		return g, err
	}
	ok := pol.GroupSharing()
	if ok {
		ok, err = rm.known(ctx, p, nil)
	}
	if err == nil && !ok {
		err = errNobody
	}
	return g, err
}

// errNobody is the same for who is not there and who must not be known.
var errNobody = fault.New(fault.NotFound, "There is nobody of this name.")

// known tells whether somebody may find by the whole name what is in these groups.
func (rm *Room) known(ctx context.Context, p *who.Principal, groups []string) (bool, error) {
	pol, err := rm.shares.Policy(ctx)
	if err != nil {
		return false, err
	}
	own, err := rm.shares.Groups(ctx, p)
	if err != nil || !pol.Enabled() || !pol.MayShare(own) {
		return false, err
	}
	if only, _ := pol.OwnGroups(); only && !overlap(pol.Common(own), groups) {
		return false, nil
	}
	enumerate, ownGroups := pol.Enumeration()
	return pol.FullMatch() || enumerate && (!ownGroups || overlap(own, groups)), nil
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(g string) bool { return slices.Contains(b, g) })
}
