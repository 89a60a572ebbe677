package ldap

import (
	"context"
	"fmt"
	"strconv"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/fault"
	"atrium/internal/feature/ldap/entries"
)

// What Active Directory does in its own way.

// rest are all values of an attribute, of which the directory has given the entry the
// first ones only if they are many ([MS-ADTS], section 3.1.1.3.1.3.3): "member;range=0-1499"
// and on, until "member;range=3000-*". A list that ends early is an error.
func (p *pool) rest(ctx context.Context, e *ldap.Entry, attribute string) ([]string, error) {
	dn, all := e.DN, entries.Values(e, attribute)
	for {
		to := entries.RangeEnd(e, attribute)
		if to == "" || to == "*" {
			return all, nil
		}
		last, err := strconv.Atoi(to)
		if err != nil || last+1 != len(all) {
			return nil, fault.New(fault.Unavailable, "The directory gives a list of members in parts that do not fit.")
		}
		next, err := p.entry(ctx, dn, fmt.Sprintf("%s;range=%d-*", attribute, len(all)))
		if err != nil {
			return nil, err
		}
		more := entries.Values(next, attribute)
		if len(more) == 0 || entries.RangeEnd(next, attribute) == "" {
			return nil, fault.New(fault.Unavailable, "The directory gives a list of members in parts, and not to its end.")
		}
		e, all = next, append(all, more...)
	}
}

// entry reads an attribute of one entry.
func (p *pool) entry(ctx context.Context, dn, attribute string) (*ldap.Entry, error) {
	var r *ldap.SearchResult
	err := p.use(ctx, searching, func(c *ldap.Conn) (err error) {
		p.searches.Add(1)
		r, err = c.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, "(objectClass=*)", []string{attribute}, nil))
		return err
	})
	if err != nil {
		return nil, asked(err)
	}
	if len(r.Entries) != 1 {
		return nil, fault.New(fault.Unavailable, "The directory does not show an entry that it has shown.")
	}
	return r.Entries[0], nil
}
