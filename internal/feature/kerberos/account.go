package kerberos

import (
	"context"
	"errors"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
)

// Source is what the directory calls the accounts that come by their tickets.
const Source = "kerberos"

// Name implements identity.Source.
func (*Room) Name() string { return Source }

// Manages implements identity.Keeper: of its people a realm keeps the password.
func (*Room) Manages(field string) bool { return field == identity.Password }

// errName is a principal who is no person. What has a slash in it is a service, or
// somebody's second self for administration; what ends in a dollar is a computer, whose
// name anybody in a domain may choose; what has an at in it could be taken for
// somebody of another realm.
var errName = fault.New(fault.Denied, "This Kerberos name is not one of a person.")

// principal is somebody in a realm.
type principal struct{ name, realm string }

// subject is what the directory of accounts calls a principal.
func (p principal) subject() string { return p.name + "@" + p.realm }

// parsePrincipal reads alice@EXAMPLE.COM.
func parsePrincipal(text string) (principal, error) {
	name, realm, ok := strings.Cut(text, "@")
	if !ok || strings.Contains(realm, "@") || realm == "" {
		return principal{}, fault.New(fault.Invalid, "A Kerberos name has the form alice@EXAMPLE.COM.")
	}
	return person([]string{name}, realm)
}

// person is who has a name of these parts; errName when it is nobody's.
func person(parts []string, realm string) (principal, error) {
	if len(parts) != 1 || parts[0] == "" || strings.HasSuffix(parts[0], "$") || len(parts[0])+len(realm) > 254 ||
		strings.ContainsFunc(parts[0], func(r rune) bool { return r < ' ' || strings.ContainsRune("@/\\", r) }) {
		return principal{}, errName
	}
	return principal{parts[0], realm}, nil
}

// login is what a principal comes to here, and the name that accounts of people from
// elsewhere are looked for by. realms are those that may come in.
func (c config) login(p principal, realms []string) (l identity.Login, name string, err error) {
	if !slices.Contains(realms, p.realm) {
		return l, "", errRealm
	}
	if c.on("lower_case") {
		p.name = strings.ToLower(p.name)
	}
	name = p.name
	if how := c.get("strip_realm"); how == stripNone || how == stripFirst && p.realm != realms[0] {
		name += "@" + strings.ToLower(p.realm)
	}
	id := vouch.PlainName(name)
	if len(id) > vouch.MaxID {
		id = vouch.Digest(id)
	}
	if id == "" {
		return l, "", errName
	}
	return identity.Login{Source: Source, Subject: p.subject(), ID: id, Fields: map[string]string{}}, name, nil
}

// rules tell what may become of people. found finds the account of somebody whom a
// directory knows.
func (rm *Room) rules(c config, found func(ctx context.Context, l *identity.Login) (*identity.User, error)) vouch.Rules {
	there := c.on("require_provisioned_account")
	r := vouch.Rules{Provision: !there, Create: !there, Adopt: there || c.on("adopt_accounts")}
	if c.on("ldap") && rm.Person != nil {
		r.Means = func(ctx context.Context, name string) (*identity.User, error) {
			l, err := rm.Person(ctx, name)
			if err != nil {
				return nil, err
			}
			return found(ctx, l)
		}
	}
	return r
}

// admit finds or makes the account of a principal.
func (rm *Room) admit(ctx context.Context, c config, l identity.Login, name string) (*identity.User, error) {
	return vouch.Admit(ctx, rm.dir, l, name, rm.rules(c, func(ctx context.Context, l *identity.Login) (*identity.User, error) {
		u, _, err := rm.dir.Provision(ctx, *l)
		return u, err
	}))
}

// Try tells what the sign-in of a principal would come to. It writes nothing.
func (rm *Room) Try(ctx context.Context, text string) (*vouch.Prospect, error) {
	c, err := rm.config(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := rm.keys(c)
	if err != nil {
		return nil, err
	}
	p, err := parsePrincipal(text)
	if err != nil {
		return nil, err
	}
	l, name, err := c.login(p, c.realms(keys))
	if err != nil {
		return nil, err
	}
	var met *identity.Login // whom a directory knows and we do not yet
	is, err := vouch.Foresee(ctx, rm.dir, l, name, rm.rules(c, func(ctx context.Context, l *identity.Login) (*identity.User, error) {
		uid, err := rm.dir.Linked(ctx, l.Source, l.Subject)
		if errors.Is(err, fault.NotFound) {
			met = l
		}
		if err != nil {
			return nil, err
		}
		return rm.dir.User(ctx, uid)
	}))
	if err == nil && met != nil && is.Refused.IsZero() {
		is.Account, is.Fields, is.Joins = met.ID, met.Fields, append([]string{}, met.Groups...)
	}
	return is, err
}

// Link lets a principal such as alice@EXAMPLE.COM in as an account that there is.
func (rm *Room) Link(ctx context.Context, text, uid string) error {
	c, err := rm.config(ctx)
	if err != nil {
		return err
	}
	p, err := parsePrincipal(text)
	if err != nil {
		return err
	}
	if c.on("lower_case") {
		p.name = strings.ToLower(p.name)
	}
	err = rm.dir.Link(ctx, Source, p.subject(), uid)
	if errors.Is(err, fault.NotFound) {
		return fault.Wrap(fault.NotFound, err, "There is no account "+uid+".")
	}
	return err
}
