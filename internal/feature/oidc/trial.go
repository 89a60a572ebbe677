package oidc

import (
	"context"
	"errors"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/core/identity"
)

// Trial is what a sign-in with some claims would come to.
type Trial struct {
	Account string            `json:"account"`           // id
	Known   bool              `json:"known"`             // there is one already
	Refused string            `json:"refused,omitempty"` // why nobody comes in
	Fields  map[string]string `json:"fields"`            // what the claims say
	Changes map[string]Change `json:"changes"`           // what would be another than now
	Quota   string            `json:"quota,omitempty"`
	Joins   []string          `json:"joins"`
	Leaves  []string          `json:"leaves"`
	Admin   *bool             `json:"admin,omitempty"`
	Unread  []string          `json:"unread,omitempty"` // fields whose claims cannot be read
}

// Change is a value before and after.
type Change struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Try tells what a sign-in with claims would come to. It writes nothing.
func (rm *Room) Try(ctx context.Context, p *Provider, c Claims) (*Trial, error) {
	o, err := p.read(c)
	if err != nil {
		return nil, err
	}
	t := &Trial{Account: o.Login.ID, Refused: o.Refused, Fields: o.Login.Fields, Changes: map[string]Change{}, Joins: []string{}, Leaves: []string{},
		Admin: o.Login.Admin, Unread: o.Unread}
	if o.Login.Quota != nil {
		t.Quota = quota.Format(*o.Login.Quota)
	}
	uid, err := rm.dir.Linked(ctx, Source, o.Login.Subject)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	var u *identity.User
	in := []string{}
	if err == nil {
		if u, err = rm.dir.User(ctx, uid); err != nil {
			return nil, err
		}
		t.Account, t.Known = u.ID, true
		if in, err = rm.dir.GroupsOf(ctx, u.ID); err != nil {
			return nil, err
		}
		now, err := rm.dir.Profile(ctx, u)
		if err != nil {
			return nil, err
		}
		for name, value := range o.Login.Fields {
			if was := now.Get(name).Value; was != value {
				t.Changes[name] = Change{was, value}
			}
		}
		if !u.Enabled {
			t.Refused = "This account is locked."
		}
	}
	if o.Login.Groups == nil {
		return t, nil
	}
	for _, g := range o.Login.Groups {
		if !slices.Contains(in, g) {
			t.Joins = append(t.Joins, g)
		}
	}
	for _, g := range in {
		group, err := rm.dir.Group(ctx, g)
		if err != nil {
			return nil, err
		}
		if group.Source == Source && !slices.Contains(o.Login.Groups, g) {
			t.Leaves = append(t.Leaves, g)
		}
	}
	return t, nil
}
