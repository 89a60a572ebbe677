package ldap

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
)

// Name implements identity.Source.
func (*Room) Name() string { return Source }

// Manages implements identity.Keeper: what a directory says comes again with each
// sign-in and each sync.
func (*Room) Manages(field string) bool {
	return field == "displayname" || field == "email" || field == identity.Password
}

// userFilter is who may have an account.
func (c *Config) userFilter() string {
	if f := c.get("ldapUserFilter"); f != "" {
		return f
	}
	return "(&(objectClass=person)(!(objectClass=computer)))"
}

// loginFilter is whom somebody means who types a login. What is typed is never part
// of the filter's own words. Only who may have an account may sign in.
func (c *Config) loginFilter(login string) string {
	f := c.get("ldapLoginFilter")
	if f == "" {
		f = "(|"
		if c.on("ldapLoginFilterUsername") {
			f += "(uid=%uid)(sAMAccountName=%uid)"
		}
		if c.on("ldapLoginFilterEmail") {
			f += "(mail=%uid)"
		}
		for _, attribute := range c.lines("ldapLoginFilterAttributes") {
			f += "(" + attribute + "=%uid)"
		}
		f += ")"
	}
	return "(&" + c.userFilter() + strings.ReplaceAll(f, "%uid", ldap.EscapeFilter(login)) + ")"
}

// find returns the one person of a filter; fault.NotFound when there is none, or
// more than one, since nobody can tell then who is meant.
func (p *pool) find(ctx context.Context, filter string) (*person, error) {
	es, err := p.few(ctx, p.config.bases("ldapBaseUsers"), filter, p.config.personAttributes(), 2)
	if err != nil {
		return nil, err
	}
	if len(es) > 1 {
		p.log.Warn("a login means several entries of a directory", "configuration", p.config.ID, "first", es[0].DN, "second", es[1].DN)
	}
	if len(es) != 1 {
		return nil, errNobody
	}
	return p.config.read(es[0])
}

// errNobody is a login that means nobody in a directory.
var errNobody = fault.New(fault.NotFound, "The directory knows nobody of this name.")

// meant finds whom a login means.
func (rm *Room) meant(ctx context.Context, login string) (*pool, *person, error) {
	return rm.first(ctx, func(c *Config) string { return c.loginFilter(login) })
}

// Person finds whom the directories in use call by a name, whatever else may be typed
// at the login: who has proved it elsewhere, by Kerberos, is that person. fault.NotFound
// when there is none; who is locked there is fault.Denied.
func (rm *Room) Person(ctx context.Context, name string) (*identity.Login, error) {
	name = ldap.EscapeFilter(name)
	p, who, err := rm.first(ctx, func(c *Config) string {
		return "(&" + c.userFilter() + "(|(uid=" + name + ")(sAMAccountName=" + name + ")))"
	})
	if err != nil {
		return nil, err
	}
	if who.locked {
		return nil, fault.New(fault.Denied, "This account is locked.")
	}
	return &who.login, rm.withGroups(ctx, p, who)
}

// first finds the one person of a filter in the directories in use, in order. A directory
// that does not answer is passed over, but that is the error when no other knows
// the login: nobody must be told that a password is wrong when it was not looked at.
func (rm *Room) first(ctx context.Context, filter func(c *Config) string) (*pool, *person, error) {
	all, err := rm.active(ctx)
	if err != nil {
		return nil, nil, err
	}
	doubt := errNobody
	for _, c := range all {
		p, err := rm.pool(c)
		if err != nil {
			return nil, nil, err
		}
		who, err := p.find(ctx, filter(c))
		if err == nil {
			return p, who, nil
		}
		if !errors.Is(err, fault.NotFound) {
			doubt = err
		}
	}
	return nil, nil, doubt
}

// Verify implements identity.Verifier: whoever the login means is who can bind with
// the password. fault.Unavailable when a directory that might know better does not
// answer.
func (rm *Room) Verify(ctx context.Context, login, password string) (*identity.Login, error) {
	if login == "" || password == "" {
		return nil, errWrong
	}
	p, who, err := rm.meant(ctx, login)
	if errors.Is(err, fault.NotFound) {
		return nil, errWrong
	}
	if err != nil {
		return nil, err
	}
	if who.locked {
		return nil, errWrong
	}
	if err := p.bind(ctx, who.dn, password); err != nil {
		return nil, err
	}
	if err := rm.withGroups(ctx, p, who); err != nil {
		return nil, err
	}
	if err := rm.newcomer(ctx, who); err != nil {
		return nil, err
	}
	return &who.login, rm.gone.Back(ctx, who.login.Subject)
}

// withGroups asks for somebody's groups.
func (rm *Room) withGroups(ctx context.Context, p *pool, who *person) error {
	if !p.config.hasGroups() {
		return nil
	}
	in, err := p.groupsOf(ctx, who)
	if err != nil {
		return err
	}
	n, err := rm.settle(ctx, in)
	if err != nil {
		return err
	}
	p.config.enrol(&who.login, in, n)
	return nil
}

// Lookup implements identity.Finder.
func (rm *Room) Lookup(ctx context.Context, login string) (*identity.Login, error) {
	p, who, err := rm.meant(ctx, login)
	if err != nil {
		return nil, err
	}
	if err := rm.newcomer(ctx, who); err != nil {
		return nil, err
	}
	return &who.login, rm.withGroups(ctx, p, who)
}

// Search implements identity.Finder.
func (rm *Room) Search(ctx context.Context, q identity.Query) iter.Seq2[*identity.Login, error] {
	return func(yield func(*identity.Login, error) bool) {
		all, err := rm.active(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, c := range all {
			err := rm.everybody(ctx, c, c.searchFilter(q.Search), func(some []*person) error {
				for _, who := range some {
					if !who.locked && !yield(&who.login, nil) {
						return errEnough
					}
				}
				return nil
			})
			if errors.Is(err, errEnough) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// errEnough ends a search that nobody wants to go on.
var errEnough = errors.New("enough")

// searchFilter is who has a text in a name; "" is everybody.
func (c *Config) searchFilter(part string) string {
	if part == "" {
		return c.userFilter()
	}
	attributes := c.lines("ldapAttributesForUserSearch")
	if len(attributes) == 0 {
		attributes = clean([]string{c.get("ldapUserDisplayName"), "cn", "uid", c.get("ldapEmailAttribute")})
	}
	f := "(&" + c.userFilter() + "(|"
	for _, a := range attributes {
		f += "(" + a + "=*" + ldap.EscapeFilter(part) + "*)"
	}
	return f + "))"
}

// everybody has f see all people of a filter with their groups, a page at a time.
func (rm *Room) everybody(ctx context.Context, c *Config, filter string, f func(some []*person) error) error {
	p, err := rm.pool(c)
	if err != nil {
		return err
	}
	groups, err := p.allGroups(ctx)
	if err != nil {
		return err
	}
	n, err := rm.settle(ctx, groups)
	if err != nil {
		return err
	}
	return p.people(ctx, filter, c.newRoster(groups), n, f)
}

// people reads all people of a filter, and looks up their groups in the roster.
// Entries that cannot be accounts are left out.
func (p *pool) people(ctx context.Context, filter string, r *roster, n *names, f func(some []*person) error) error {
	c := p.config
	return p.every(ctx, c.bases("ldapBaseUsers"), filter, c.personAttributes(), func(es []*ldap.Entry) error {
		some := make([]*person, 0, len(es))
		for _, e := range es {
			who, err := c.read(e)
			if err != nil {
				p.log.Warn("an entry of a directory is left out", "configuration", c.ID, "error", err)
				continue
			}
			if c.hasGroups() {
				c.enrol(&who.login, r.groupsOf(who), n)
			}
			some = append(some, who)
		}
		return f(some)
	})
}

// allGroups reads all groups of a directory, with what tells who is in them. One
// that lies below two bases is one.
func (p *pool) allGroups(ctx context.Context) (all []*group, err error) {
	c := p.config
	if !c.hasGroups() {
		return nil, nil
	}
	seen, more := map[string]bool{}, c.memberAttribute()
	if c.byMemberOf() {
		more = "memberOf"
	}
	err = p.every(ctx, c.bases("ldapBaseGroups"), c.get("ldapGroupFilter"), c.groupAttributes(more), func(es []*ldap.Entry) error {
		for _, e := range es {
			g, err := c.readGroup(e)
			if err != nil {
				return err
			}
			if seen[g.subject] {
				continue
			}
			if more != "memberOf" {
				if g.members, err = p.rest(ctx, e, more); err != nil {
					return err
				}
			}
			seen[g.subject], all = true, append(all, g)
		}
		return nil
	})
	return all, err
}
