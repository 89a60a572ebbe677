// Package vouch is what all ways in have in common by which another service vouches
// for people: whose account somebody's is, what their coming in would change, and
// which sessions came from where. It knows no protocol; accounts are identity's.
package vouch

import (
	"context"
	"errors"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
)

// Rules say what may become of somebody whom a service vouches for.
type Rules struct {
	Provision bool // accounts are kept as the service says
	Adopt     bool // an account of the same name that comes from elsewhere is the same person's
	Create    bool // accounts are made

	// Means finds the account that a name means for sure, whatever its id, such as that
	// of whom a company's directory knows by it; fault.NotFound. nil: there is no such.
	Means func(ctx context.Context, name string) (*identity.User, error)
}

// Admit finds or makes the account of somebody whom a service vouches for and calls
// by a name. An account that comes from elsewhere is never entered by its name alone
// unless the administrator has said that names there mean the same people; one that
// administers this server is never entered that way at all. Who may not come in is
// fault.Denied, whose name is taken fault.Conflict.
func Admit(ctx context.Context, dir *identity.Directory, l identity.Login, name string, r Rules) (*identity.User, error) {
	was, linked, err := whose(ctx, dir, l, name, r, dir.Meet)
	if err != nil {
		return nil, err
	}
	if was != nil && !linked {
		if err := dir.Link(ctx, l.Source, l.Subject, was.ID); err != nil {
			return nil, err
		}
	}
	if !r.Provision {
		l = identity.Login{Source: l.Source, Subject: l.Subject, ID: l.ID}
	}
	u, _, err := dir.Provision(ctx, l)
	if errors.Is(err, fault.Conflict) {
		return nil, fault.Wrap(fault.Conflict, err, "There is another account of your name here. Please ask your administrator to link the two.")
	}
	if err != nil {
		return nil, err
	}
	if !u.Enabled {
		return nil, fault.New(fault.Denied, "This account is locked.")
	}
	return u, nil
}

// whose returns the account that somebody may use, nil when one is to be made, and
// whether it is theirs already. Without one that there is or may be: fault.Denied.
func whose(ctx context.Context, dir *identity.Directory, l identity.Login, name string, r Rules,
	find func(ctx context.Context, login string) (*identity.User, error)) (u *identity.User, linked bool, err error) {
	uid, err := dir.Linked(ctx, l.Source, l.Subject)
	if err == nil {
		u, err = dir.User(ctx, uid)
		return u, true, err
	}
	if !errors.Is(err, fault.NotFound) {
		return nil, false, err
	}
	if r.Means != nil {
		u, err := r.Means(ctx, name)
		if err == nil {
			return u, false, mayAdopt(ctx, dir, u)
		}
		if !errors.Is(err, fault.NotFound) {
			return nil, false, err
		}
	}
	if r.Adopt {
		u, err := find(ctx, name)
		switch {
		case errors.Is(err, fault.NotFound):
		case err != nil:
			return nil, false, err
		case u.Source != l.Source && strings.EqualFold(u.ID, name):
			return u, false, mayAdopt(ctx, dir, u)
		}
	}
	if !r.Provision || !r.Create {
		return nil, false, fault.New(fault.Denied, "There is no account for you here. Please ask your administrator.")
	}
	return nil, false, nil
}

// mayAdopt refuses accounts that administer the server: whoever runs the other
// service must not become one by a name.
func mayAdopt(ctx context.Context, dir *identity.Directory, u *identity.User) error {
	in, err := dir.GroupsOf(ctx, u.ID)
	if err == nil && slices.Contains(in, identity.AdminGroup) {
		return fault.New(fault.Conflict, "The account of your name here administers this server. It has to be linked by command.")
	}
	return err
}
