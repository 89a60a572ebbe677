// Package change tells what a directory would make of accounts, for many of them at a few
// queries. It asks no directory and writes nothing.
package change

import (
	"context"
	"maps"
	"slices"
	"strings"

	"atrium/internal/base/quota"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/profile"
	"atrium/internal/infra/db"
)

// Change is what a directory would make of an account.
type Change struct {
	Account string           `json:"account"` // id
	Fields  map[string]Value `json:"changes"` // what would be another than now
	Joins   []string         `json:"joins"`
	Leaves  []string         `json:"leaves"`
}

// Value is a value before and after.
type Value struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// None tells whether all stays as it is.
func (c *Change) None() bool { return len(c.Fields)+len(c.Joins)+len(c.Leaves) == 0 }

// Ruler measures what would change.
type Ruler struct {
	dir    *identity.Directory
	ours   map[string]bool // groups that come from directories
	region string          // of phone numbers that do not say theirs
}

// NewRuler reads what it measures by.
func NewRuler(ctx context.Context, d *db.DB, dir *identity.Directory) (*Ruler, error) {
	r := &Ruler{dir: dir, ours: map[string]bool{}}
	for gid, err := range db.All(ctx, d, db.Scan1[string], "SELECT gid FROM ldap_group") {
		if err != nil {
			return nil, err
		}
		r.ours[gid] = true
	}
	if dir.Region == nil {
		return r, nil
	}
	var err error
	r.region, err = dir.Region(ctx)
	return r, err
}

// Standing is some accounts as they are.
type Standing struct {
	Users    map[string]*identity.User
	profiles map[string]profile.Profile
	in       map[string][]string
}

// Look reads accounts.
func (r *Ruler) Look(ctx context.Context, uids []string) (*Standing, error) {
	users, err := r.dir.Some(ctx, uids)
	if err != nil {
		return nil, err
	}
	all := slices.Collect(maps.Values(users))
	s := &Standing{Users: users}
	if s.profiles, err = r.dir.Profiles(ctx, all...); err != nil {
		return nil, err
	}
	s.in, _, err = r.dir.Memberships(ctx, all...)
	return s, err
}

// Measure tells what a login would change of an account.
func (r *Ruler) Measure(l *identity.Login, u *identity.User, s *Standing) *Change {
	c := &Change{Account: u.ID, Fields: map[string]Value{}, Joins: []string{}, Leaves: []string{}}
	for name, said := range l.Fields {
		value, err := profile.Clean(name, strings.TrimSpace(said), r.region)
		if name == "displayname" && value == "" {
			value = u.ID
		}
		if was := s.profiles[u.ID].Get(name).Value; err == nil && was != value { // what cannot be is left out
			c.Fields[name] = Value{was, value}
		}
	}
	if l.Quota != nil && *l.Quota != u.Quota {
		c.Fields["quota"] = Value{quota.Format(u.Quota), quota.Format(*l.Quota)}
	}
	in := s.in[u.ID]
	for _, g := range l.Groups {
		if !slices.Contains(in, g) {
			c.Joins = append(c.Joins, g)
		}
	}
	for _, g := range in {
		if l.Groups != nil && r.ours[g] && !slices.Contains(l.Groups, g) {
			c.Leaves = append(c.Leaves, g)
		}
	}
	if l.Admin != nil && *l.Admin != slices.Contains(in, identity.AdminGroup) {
		if *l.Admin {
			c.Joins = append(c.Joins, identity.AdminGroup)
		} else {
			c.Leaves = append(c.Leaves, identity.AdminGroup)
		}
	}
	slices.Sort(c.Joins)
	return c
}
