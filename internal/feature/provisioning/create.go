package provisioning

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
)

// create answers POST /cloud/users (31-provisioning/034 to 054).
func (rm *Room) create(ctx context.Context, r *ocs.Request) (any, error) {
	n, err := rm.newUser(ctx, r)
	if err != nil {
		return nil, err
	}
	u, err := rm.dir.Create(ctx, n)
	switch {
	case errors.Is(err, identity.ErrPassword):
		return nil, &ocs.Failure{Code: 107, Says: fault.Said(err)}
	case errors.Is(err, fault.Exists):
		return nil, ocs.Fail(102, "User already exists")
	case errors.Is(err, fault.Invalid):
		return nil, &ocs.Failure{Code: 101, Says: fault.Said(err)}
	case err != nil:
		return nil, err
	}
	if n.Password == "" && rm.mail != nil {
		if err := rm.mail.Welcome(ctx, u); err != nil && !noMail(err) {
			return nil, fmt.Errorf("welcome of %q: %w", u.ID, err)
		}
	}
	return struct {
		ID string `json:"id"`
	}{u.ID}, nil
}

// newUser reads and checks what is asked for, in the order in which the recorded
// server complains.
func (rm *Room) newUser(ctx context.Context, r *ocs.Request) (n identity.NewUser, err error) {
	must, err := given(r, "userid")
	if err != nil {
		return n, err
	}
	p, err := r.Params()
	if err != nil {
		return n, err
	}
	n = identity.NewUser{ID: must[0], Password: p.Get("password"), Display: p.Get("displayName"), Mail: strings.TrimSpace(p.Get("email")),
		Language: p.Get("language"), Manager: p.Get("manager")}
	if n.Display == "" {
		n.Display = p.Get("displayname")
	}
	if n.Groups, err = r.List("groups"); err != nil {
		return n, err
	}
	if n.Leads, err = r.List("subadmin"); err != nil {
		return n, err
	}
	n.Groups, n.Leads = distinct(n.Groups), distinct(n.Leads)
	if err := checkLogin(n.ID); err != nil {
		return n, err
	}
	switch _, err := rm.dir.Find(ctx, n.ID); {
	case err == nil:
		return n, ocs.Fail(102, "User already exists")
	case !errors.Is(err, fault.NotFound):
		return n, err
	}
	if err := rm.checkGroups(ctx, r.Caller(), n); err != nil {
		return n, err
	}
	if n.Password == "" && n.Mail == "" {
		return n, ocs.Fail(108, "An email address is required, to send a password link to the user.")
	}
	if q := p.Get("quota"); q != "" {
		if n.Quota, err = quota.Parse(q); err != nil {
			return n, ocs.Fail(101, "Invalid quota value: "+q)
		}
	}
	return n, nil
}

// checkLogin says what is wrong with an id, in the recorded words
// (31-provisioning/039, 040 and 052).
func checkLogin(id string) error {
	trimmed := strings.TrimSpace(id)
	switch {
	case trimmed == "":
		return ocs.Fail(101, "A valid Login must be provided")
	case strings.ContainsFunc(id, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(" _.@-'", c)
	}):
		return ocs.Fail(101, `Only the following characters are allowed in an Login: "a-z", "A-Z", "0-9", spaces and "_.@-'"`)
	case trimmed != id:
		return ocs.Fail(101, "Login contains whitespace at the beginning or at the end")
	}
	return nil
}

// checkGroups tells whether the caller may put a new account into the groups,
// and let it administer some. Who administers groups must put it into one of
// theirs and appoints nobody.
func (rm *Room) checkGroups(ctx context.Context, p *who.Principal, n identity.NewUser) error {
	leads, err := rm.leads(ctx, p)
	if err != nil {
		return err
	}
	all := runsAll(p)
	for _, g := range n.Groups {
		if err := rm.hasGroup(ctx, g, ocs.Fail(104, "Group "+g+" does not exist")); err != nil {
			return err
		}
		may := p.Role == who.Admin || g != identity.AdminGroup && (all || slices.Contains(leads, g))
		if may {
			if may, err = rm.covers(ctx, p, n.ID, []string{g}); err != nil { // a group may give a role
				return err
			}
		}
		if !may {
			return ocs.Fail(105, "Insufficient privileges for group "+g)
		}
	}
	if len(n.Groups) == 0 && !all {
		return ocs.Fail(106, "No group specified (required for sub-admins)")
	}
	for _, g := range n.Leads {
		if g == identity.AdminGroup {
			return ocs.Fail(103, "Cannot create sub-admins for admin group")
		}
		if err := rm.hasGroup(ctx, g, ocs.Fail(109, "Sub-admin group does not exist")); err != nil {
			return err
		}
		if !all {
			return ocs.Fail(105, "Insufficient privileges for group "+g)
		}
	}
	return nil
}

// hasGroup returns otherwise when there is no such group.
func (rm *Room) hasGroup(ctx context.Context, gid string, otherwise error) error {
	_, err := rm.dir.Group(ctx, gid)
	if errors.Is(err, fault.NotFound) {
		return otherwise
	}
	return err
}

func distinct(s []string) (out []string) {
	for _, v := range s {
		if v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
