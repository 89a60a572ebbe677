package vouch

import (
	"context"
	"errors"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/base/tongue"
	"atrium/internal/core/identity"
)

// Prospect is what would come of somebody's sign-in.
type Prospect struct {
	Account string            `json:"account"`          // id
	Known   bool              `json:"known"`            // there is one already
	Refused tongue.Saying     `json:"refused,omitzero"` // why nobody comes in
	Fields  map[string]string `json:"fields"`           // what the service says
	Changes map[string]Change `json:"changes"`          // what would be another than now
	Quota   string            `json:"quota,omitempty"`
	Joins   []string          `json:"joins"`
	Leaves  []string          `json:"leaves"`
	Admin   *bool             `json:"admin,omitempty"`
}

// Change is a value before and after.
type Change struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Foresee tells what Admit would come to. It writes nothing, so that people whom
// only a directory knows so far count as unknown.
func Foresee(ctx context.Context, dir *identity.Directory, l identity.Login, name string, r Rules) (*Prospect, error) {
	p := &Prospect{Account: l.ID, Fields: l.Fields, Changes: map[string]Change{}, Joins: []string{}, Leaves: []string{}, Admin: l.Admin}
	if l.Quota != nil {
		p.Quota = quota.Format(*l.Quota)
	}
	u, _, err := whose(ctx, dir, l, name, r, dir.Find)
	if f, ok := errors.AsType[*fault.Fault](err); ok && (f.Kind == fault.Denied || f.Kind == fault.Conflict) {
		p.Refused = f.Says
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	if u == nil {
		p.Joins = append(p.Joins, l.Groups...)
		return p, p.taken(ctx, dir)
	}
	p.Account, p.Known = u.ID, true
	if !u.Enabled {
		p.Refused = tongue.Of("This account is locked.")
	}
	if !r.Provision {
		return p, nil
	}
	if err := p.compare(ctx, dir, u); err != nil {
		return nil, err
	}
	if l.Quota != nil && *l.Quota != u.Quota {
		p.Changes["quota"] = Change{quota.Format(u.Quota), p.Quota}
	}
	if l.Groups == nil {
		return p, nil
	}
	return p, p.move(ctx, dir, u, l)
}

// taken tells when the account to be made has the name of another.
func (p *Prospect) taken(ctx context.Context, dir *identity.Directory) error {
	_, err := dir.Find(ctx, p.Account)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	p.Refused = tongue.Of("There is another account of this name.")
	return err
}

// compare sets Changes to the fields that would be others.
func (p *Prospect) compare(ctx context.Context, dir *identity.Directory, u *identity.User) error {
	now, err := dir.Profile(ctx, u)
	if err != nil {
		return err
	}
	for name, value := range p.Fields {
		if was := now.Get(name).Value; was != value {
			p.Changes[name] = Change{was, value}
		}
	}
	return nil
}

// move sets which groups would be joined and left.
func (p *Prospect) move(ctx context.Context, dir *identity.Directory, u *identity.User, l identity.Login) error {
	in, err := dir.GroupsOf(ctx, u.ID)
	if err != nil {
		return err
	}
	for _, g := range l.Groups {
		if !slices.Contains(in, g) {
			p.Joins = append(p.Joins, g)
		}
	}
	of, err := dir.GroupDetails(ctx, in)
	if err != nil {
		return err
	}
	for _, g := range of {
		if g.Source == l.Source && !slices.Contains(l.Groups, g.ID) {
			p.Leaves = append(p.Leaves, g.ID)
		}
	}
	return nil
}
