package oidc

import (
	"context"

	"atrium/internal/core/identity/vouch"
)

// Trial is what a sign-in with some claims would come to.
type Trial struct {
	vouch.Prospect
	Unread []string `json:"unread,omitempty"` // fields whose claims cannot be read
}

// Try tells what a sign-in with claims would come to. It writes nothing.
func (rm *Room) Try(ctx context.Context, p *Provider, c Claims) (*Trial, error) {
	o, err := p.read(c)
	if err != nil {
		return nil, err
	}
	rules, err := rm.rules(ctx)
	if err != nil {
		return nil, err
	}
	is, err := vouch.Foresee(ctx, rm.dir, o.Login, o.Claim, rules)
	if err != nil {
		return nil, err
	}
	if o.Refused != "" {
		is.Refused = o.Refused
	}
	return &Trial{*is, o.Unread}, nil
}
