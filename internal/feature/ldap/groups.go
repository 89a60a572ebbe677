package ldap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/feature/ldap/entries"
	"atrium/internal/infra/db"
)

const (
	inChain   = ":1.2.840.113556.1.4.1941:" // LDAP_MATCHING_RULE_IN_CHAIN of Active Directory
	maxDepth  = 32                          // groups in groups in groups
	maxInFilt = 100                         // alternatives in one filter
)

// group is a group of a directory as we read it.
type group struct {
	subject  string // what tells it apart
	title    string
	dn       string
	number   string   // of a posixGroup
	sid      string   // in Active Directory, its bytes
	members  []string // as the directory writes them
	memberOf []string
}

// byMemberOf tells whether people's own entries say which groups they are in, in
// place of the groups' lists of members.
func (c *Config) byMemberOf() bool {
	return c.hasGroups() && c.on("useMemberOfToDetectMembership") && (c.on("hasMemberOfFilterSupport") || c.get("ldapGroupMemberAssocAttr") == "")
}

// hasGroups tells whether the directory's groups are ours too.
func (c *Config) hasGroups() bool { return c.get("ldapGroupFilter") != "" }

// memberAttribute is where a group lists its members.
func (c *Config) memberAttribute() string { return cmp.Or(c.get("ldapGroupMemberAssocAttr"), "member") }

// byName tells whether groups list people by their uid and not by their DN.
func (c *Config) byName() bool { return strings.EqualFold(c.memberAttribute(), "memberUid") }

// bases are where to search for people or groups.
func (c *Config) bases(key string) []string {
	if own := c.lines(key); len(own) > 0 {
		return own
	}
	return c.lines("ldapBase")
}

// groupAttributes are what readGroup needs; the members only where they count.
func (c *Config) groupAttributes(more ...string) []string {
	all := append(more, c.get("ldapGroupDisplayName"), "cn", "objectSid")
	if c.get("ldapGidNumber") != "" {
		all = append(all, c.get("ldapGidNumber"))
	}
	return clean(append(all, entries.IDAttributes(c.get("ldapExpertUUIDGroupAttr"))...))
}

func (c *Config) readGroup(e *ldap.Entry) (*group, error) {
	id, err := entries.ID(e, c.get("ldapExpertUUIDGroupAttr"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.DN, err)
	}
	title := cmp.Or(entries.Value(e, c.get("ldapGroupDisplayName")), entries.Value(e, "cn"), id)
	return &group{subject: c.ID + "/" + id, title: title, dn: e.DN, number: entries.Value(e, c.get("ldapGidNumber")), sid: string(e.GetEqualFoldRawAttributeValue("objectSid")),
		members: entries.Values(e, c.memberAttribute()), memberOf: entries.Values(e, "memberOf")}, nil
}

// groupsOf asks a directory for the groups that somebody is in: one search, and one
// more for each level of groups in groups.
func (p *pool) groupsOf(ctx context.Context, who *person) ([]*group, error) {
	c := p.config
	found := map[string]*group{}
	next := c.direct(who)
	for range maxDepth {
		var fresh []*group
		for part := range slices.Chunk(next, maxInFilt) {
			entries, err := p.some(ctx, "(&"+c.get("ldapGroupFilter")+"(|"+strings.Join(part, "")+"))")
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				g, err := c.readGroup(e)
				if err != nil {
					return nil, err
				}
				if found[g.subject] == nil {
					found[g.subject], fresh = g, append(fresh, g)
				}
			}
		}
		if next = c.above(who, fresh); len(next) == 0 {
			return slices.SortedFunc(maps.Values(found), func(a, b *group) int { return cmp.Compare(a.subject, b.subject) }), nil
		}
	}
	return nil, fault.New(fault.Unavailable, "The groups of the directory lie in each other too deep.")
}

// some finds all groups of a filter.
func (p *pool) some(ctx context.Context, filter string) (all []*ldap.Entry, err error) {
	var more []string
	if p.config.byMemberOf() {
		more = append(more, "memberOf")
	}
	err = p.every(ctx, p.config.bases("ldapBaseGroups"), filter, p.config.groupAttributes(more...), func(es []*ldap.Entry) error {
		all = append(all, es...)
		return nil
	})
	return all, err
}

// direct are the filters, each of one group or more, of the groups that somebody is
// in by themselves.
func (c *Config) direct(who *person) (all []string) {
	switch attribute := c.memberAttribute(); {
	case c.byMemberOf():
		all = who.named(who.memberOf)
	case c.byName():
		if who.uid != "" {
			all = []string{"(" + attribute + "=" + ldap.EscapeFilter(who.uid) + ")"}
		}
	case c.on("ldapNestedGroups") && c.get("ldapMatchingRuleInChainState") == "available":
		all = []string{"(" + attribute + inChain + "=" + ldap.EscapeFilter(who.dn) + ")"}
	default:
		all = []string{"(" + attribute + "=" + ldap.EscapeFilter(who.dn) + ")"}
	}
	if who.gid != "" {
		all = append(all, "("+c.get("ldapGidNumber")+"="+ldap.EscapeFilter(who.gid)+")")
	}
	if who.primary != "" {
		all = append(all, "(objectSid="+ldap.EscapeFilter(who.primary)+")")
	}
	return all
}

// above are the filters of the groups that somebody's groups are in.
func (c *Config) above(who *person, groups []*group) (all []string) {
	if !c.on("ldapNestedGroups") || c.byName() {
		return nil
	}
	for _, g := range groups {
		if c.byMemberOf() {
			all = append(all, who.named(g.memberOf)...)
			continue
		}
		all = append(all, "("+c.memberAttribute()+"="+ldap.EscapeFilter(g.dn)+")")
	}
	return all
}

// named are filters of entries by their DN (entryDN: RFC 5020).
func (who *person) named(dns []string) []string {
	all := make([]string, len(dns))
	for i, dn := range dns {
		all[i] = "(" + who.byDN + "=" + ldap.EscapeFilter(dn) + ")"
	}
	return all
}

// roster is who is in which groups, for all groups of a directory at once.
type roster struct {
	config *Config
	byDN   map[string][]*group
	byNum  map[string][]*group
	bySID  map[string][]*group
	of     map[string][]*group // by a member: a DN in one way of writing, or a uid
}

func (c *Config) newRoster(groups []*group) *roster {
	r := &roster{config: c, byDN: map[string][]*group{}, byNum: map[string][]*group{}, bySID: map[string][]*group{}, of: map[string][]*group{}}
	for _, g := range groups {
		r.byDN[entries.FoldDN(g.dn)] = []*group{g}
		if g.number != "" {
			r.byNum[g.number] = append(r.byNum[g.number], g)
		}
		if g.sid != "" {
			r.bySID[g.sid] = []*group{g}
		}
		for _, m := range g.members {
			if !c.byName() {
				m = entries.FoldDN(m)
			}
			r.of[m] = append(r.of[m], g)
		}
	}
	return r
}

// groupsOf are the groups that somebody is in, without asking anybody.
func (r *roster) groupsOf(who *person) (all []*group) {
	next := slices.Concat(r.around(who.dn, who.uid, who.memberOf), r.byNum[who.gid], r.bySID[who.primary])
	for len(next) > 0 {
		g := next[0]
		next = next[1:]
		if slices.Contains(all, g) {
			continue
		}
		all = append(all, g)
		if r.config.on("ldapNestedGroups") && !r.config.byName() {
			next = append(next, r.around(g.dn, "", g.memberOf)...)
		}
	}
	return all
}

// around are the groups that an entry is in by itself.
func (r *roster) around(dn, uid string, memberOf []string) (all []*group) {
	switch {
	case r.config.byMemberOf():
		for _, m := range memberOf {
			all = append(all, r.byDN[entries.FoldDN(m)]...)
		}
	case r.config.byName():
		all = append(all, r.of[uid]...)
	default:
		all = append(all, r.of[entries.FoldDN(dn)]...)
	}
	return all
}

// names are the ids of groups here, by subject.
type names struct {
	of    map[string]string
	fresh []*group // those that have none yet: of tells what they will get
}

// name tells what groups are called here. One that is new gets the name it has
// there, if nobody has it, and else its immutable id, so that two groups of a name
// are never one. Nothing is written; see settle.
func (rm *Room) name(ctx context.Context, groups []*group) (*names, error) {
	n := &names{of: map[string]string{}}
	subjects := make([]string, len(groups))
	for i, g := range groups {
		subjects[i] = g.subject
	}
	type row struct{ subject, gid string }
	for part := range slices.Chunk(subjects, 500) {
		for r, err := range db.All(ctx, rm.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.subject, &v.gid) },
			"SELECT subject, gid FROM ldap_group WHERE subject IN (?)", part) {
			if err != nil {
				return nil, err
			}
			n.of[r.subject] = r.gid
		}
	}
	for _, g := range groups {
		if n.of[g.subject] == "" {
			n.fresh = append(n.fresh, g)
		}
	}
	for part := range slices.Chunk(n.fresh, 500) {
		if err := rm.nameFresh(ctx, n, part); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (rm *Room) nameFresh(ctx context.Context, n *names, fresh []*group) error {
	wanted, taken := make([]string, len(fresh)), map[string]bool{}
	for i, g := range fresh {
		wanted[i] = vouch.PlainName(g.title)
	}
	for gid, err := range db.All(ctx, rm.db, db.Scan1[string], "SELECT gid FROM ldap_group WHERE gid IN (?)", wanted) {
		if err != nil {
			return err
		}
		taken[gid] = true
	}
	there, err := rm.dir.GroupDetails(ctx, wanted)
	if err != nil {
		return err
	}
	for _, g := range there {
		taken[g.ID] = true
	}
	for _, gid := range n.of {
		taken[gid] = true
	}
	for i, g := range fresh {
		gid := wanted[i]
		if gid == "" || len(gid) > maxName || gid == identity.AdminGroup || taken[gid] {
			_, gid, _ = strings.Cut(g.subject, "/")
			gid = vouch.PlainName(gid)
		}
		n.of[g.subject], taken[gid] = gid, true
	}
	return nil
}

// settle is name that is written down.
func (rm *Room) settle(ctx context.Context, groups []*group) (*names, error) {
	for try := 1; ; try++ {
		n, err := rm.name(ctx, groups)
		if err != nil || len(n.fresh) == 0 {
			return n, err
		}
		err = rm.db.Tx(ctx, func(tx *db.DB) error {
			for _, g := range n.fresh {
				if _, err := tx.Exec(ctx, "INSERT INTO ldap_group (subject, gid) VALUES (?, ?)", g.subject, n.of[g.subject]); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil || !errors.Is(err, fault.Exists) || try == 3 { // somebody beside us was faster
			return n, err
		}
	}
}

// enrol puts groups into a login.
func (c *Config) enrol(l *identity.Login, groups []*group, n *names) {
	l.Groups, l.Titles = []string{}, map[string]string{}
	for _, g := range groups {
		gid := n.of[g.subject]
		l.Groups, l.Titles[gid] = append(l.Groups, gid), g.title
	}
	if boss := c.get("ldapAdminGroup"); boss != "" {
		admin := slices.Contains(l.Groups, boss)
		l.Admin = &admin
	}
}

// groupSearchFilter is which groups have a text in their names.
func (c *Config) groupSearchFilter(part string) string {
	f := "(&" + c.get("ldapGroupFilter") + "(|"
	for _, a := range clean([]string{c.get("ldapGroupDisplayName"), "cn"}) {
		f += "(" + a + "=*" + ldap.EscapeFilter(part) + "*)"
	}
	return f + "))"
}

// groupDN finds the entry of a group, or fault.NotFound.
func (rm *Room) groupDN(ctx context.Context, gid string) (string, error) {
	subject, err := db.One(ctx, rm.db, db.Scan1[string], "SELECT subject FROM ldap_group WHERE gid = ?", gid)
	if errors.Is(err, fault.NotFound) {
		return "", fault.Wrap(fault.NotFound, err, "This group comes from no directory.")
	}
	if err != nil {
		return "", err
	}
	p, id, err := rm.poolOf(ctx, subject)
	if err != nil {
		return "", err
	}
	es, err := p.few(ctx, p.config.bases("ldapBaseGroups"), "(&"+p.config.get("ldapGroupFilter")+entries.ByID(id, p.config.get("ldapExpertUUIDGroupAttr"))+")", p.config.groupAttributes(), 1)
	if err != nil {
		return "", err
	}
	if len(es) == 0 {
		return "", fault.New(fault.NotFound, "The group is no longer in the directory. It stays here without members; group:delete removes it.")
	}
	return es[0].DN, nil
}

// poolOf tells where a subject comes from, and what it is called there.
func (rm *Room) poolOf(ctx context.Context, subject string) (p *pool, id string, err error) {
	config, id, _ := strings.Cut(subject, "/")
	c, err := rm.Config(ctx, config)
	if err != nil {
		return nil, "", err
	}
	p, err = rm.pool(c)
	return p, id, err
}
