package oidc

import (
	"context"
	"regexp"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
)

// Source is what the directory calls the accounts and groups that come from
// providers.
const Source = "user_oidc"

// Name implements identity.Source.
func (*Room) Name() string { return Source }

// Manages implements identity.Keeper: what providers say comes again with each
// sign-in.
func (*Room) Manages(field string) bool { return field == "displayname" || field == identity.Password }

// own are our names for fields that providers name otherwise.
var own = map[string]string{"displayName": "displayname", "phonenumber": "phone"}

// Outcome is what claims come to: the account, or why there is none.
type Outcome struct {
	Login   identity.Login
	Claim   string        // what the provider calls the account
	Refused tongue.Saying // in words; zero: it may come in
	Unread  []string
}

// read makes a login of claims.
func (p *Provider) read(c Claims) (Outcome, error) {
	raw, ok := c.get(p.claim("uid"), p.Nested)
	claim, isText := raw.(string)
	if !ok || !isText || claim == "" {
		return Outcome{}, fault.New(fault.Invalid, "The provider does not say who this is: the claim “{claim}” is missing.", "claim", p.claim("uid"))
	}
	o := Outcome{Claim: claim, Login: identity.Login{Source: Source, Subject: vouch.Subject(p.ID, claim), ID: p.accountID(claim), Fields: map[string]string{}}}
	for field := range usual {
		v, ok := c.get(p.claim(field), p.Nested)
		if !ok {
			continue
		}
		switch field {
		case "uid", "groups", "avatar":
		case "quota":
			if o.Login.Quota = room(v); o.Login.Quota == nil {
				o.Unread = append(o.Unread, field)
			}
		default:
			name := field
			if n, ok := own[field]; ok {
				name = n
			}
			s, ok := text(v)
			if field == "address" {
				s, ok = address(v)
			}
			if !ok {
				o.Unread = append(o.Unread, field)
				continue
			}
			o.Login.Fields[name] = vouch.Clip(s)
		}
	}
	slices.Sort(o.Unread)
	return o, p.readGroups(c, &o)
}

// readGroups applies the rules for groups.
func (p *Provider) readGroups(c Claims, o *Outcome) error {
	if !p.Groups && !p.GroupsOnly && p.AdminGroup == "" {
		return nil
	}
	v, ok := c.get(p.claim("groups"), p.Nested)
	if !ok {
		if p.GroupsOnly {
			o.Refused = tongue.Of("The account is in none of the groups that may come in.")
		}
		return nil // nothing is said: groups stay as they are
	}
	all, err := groups(v)
	if err != nil {
		return err
	}
	filter, err := regexp.Compile(p.GroupFilter)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The filter of groups is no regular expression.")
	}
	in, admin := []string{}, false
	for _, g := range all {
		if p.AdminGroup != "" && g.id == p.AdminGroup {
			admin = true
			continue
		}
		if filter.MatchString(g.id) {
			in = append(in, p.accountID(g.id))
		}
	}
	if p.AdminGroup != "" {
		o.Login.Admin = &admin
	}
	if p.GroupsOnly && len(in) == 0 && !admin {
		o.Refused = tongue.Of("The account is in none of the groups that may come in.")
	}
	if p.Groups {
		o.Login.Groups = in
	}
	return nil
}

// admit finds or makes the account of somebody who has proved at a provider to be
// who the claims say.
func (rm *Room) admit(ctx context.Context, o Outcome) (*identity.User, error) {
	if !o.Refused.IsZero() {
		return nil, fault.Say(fault.Denied, nil, o.Refused)
	}
	rules, err := rm.rules(ctx)
	if err != nil {
		return nil, err
	}
	return vouch.Admit(ctx, rm.dir, o.Login, o.Claim, rules)
}
