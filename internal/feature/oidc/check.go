package oidc

import (
	"context"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
)

// Check is what a provider says of itself when it is asked, and what keeps people from
// coming in by it.
type Check struct {
	Issuer      string            `json:"issuer"`
	Endpoints   map[string]string `json:"endpoints"`   // as we would use them, by name
	AuthMethods []string          `json:"authMethods"` // by which we may show the token endpoint who we are
	PKCE        bool              `json:"pkce"`
	Keys        int               `json:"keys"`             // that may sign
	Failure     tongue.Saying     `json:"failure,omitzero"` // what is wrong, for people
	Detail      string            `json:"detail,omitempty"` // the same, as it was heard
	Warnings    []tongue.Saying   `json:"warnings"`
}

// Check asks a provider, which need not be saved, what it is. Nothing that is known from
// before is believed. That it cannot be asked is part of the answer.
func (rm *Room) Check(ctx context.Context, p *Provider) (*Check, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	c := &Check{Endpoints: map[string]string{}, AuthMethods: []string{}, Warnings: []tongue.Saying{}}
	one, err := rm.ask(ctx, p)
	if err != nil {
		return c, c.fail(err)
	}
	d := &one.document
	c.Issuer, c.PKCE, c.AuthMethods = d.Issuer, one.challenges(), append(c.AuthMethods, d.AuthMethods...)
	for name, address := range map[string]string{"authorization": d.Authorization, "token": d.Token, "userInfo": d.UserInfo, "keys": d.Keys, "endSession": d.EndSession} {
		if address != "" {
			c.Endpoints[name] = address
		}
	}
	if p.AuthMethod != "" && len(d.AuthMethods) > 0 && !slices.Contains(d.AuthMethods, p.AuthMethod) {
		c.Warnings = append(c.Warnings, tongue.Of("The provider does not offer the way of showing who we are that is set here."))
	}
	if p.AuthMethod == withKey {
		key, _, err := rm.ring().Current(ctx)
		if err != nil {
			return nil, err
		}
		if len(d.ProofAlgs) > 0 && !slices.Contains(d.ProofAlgs, key.Algorithm) {
			c.Warnings = append(c.Warnings, tongue.Of("The provider does not take signatures of the kind that this server makes; another key can be made by command."))
		}
	}
	if p.Enrich && d.UserInfo == "" {
		c.Warnings = append(c.Warnings, tongue.Of("The provider has no userinfo endpoint."))
	}
	keys, err := one.keys.get(ctx, true)
	if err != nil {
		return c, c.fail(err)
	}
	if c.Keys = len(keys); c.Keys == 0 {
		c.Failure = tongue.Of("The provider has no key that we trust: RSA of 2048 bits or more, or an elliptic curve.")
	}
	return c, nil
}

// in is the check as it is told in a language.
func (c *Check) in(t *tongue.Tongue) *Check {
	c.Failure, c.Warnings = c.Failure.Said(t), tongue.Each(c.Warnings, t)
	return c
}

// fail notes what is wrong; an error that is nobody's but ours is given back.
func (c *Check) fail(err error) error {
	if c.Failure = fault.Said(err); c.Failure.IsZero() {
		return err
	}
	if detail := strings.TrimPrefix(err.Error(), c.Failure.String()+": "); !strings.Contains(detail, c.Failure.String()) { // it has more to say
		c.Detail = detail
	}
	return nil
}
