package ldap

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/fault"
)

// What Active Directory does in its own way.

// locked tells whether a directory has locked an entry: Active Directory by a bit
// (ADS_UF_ACCOUNTDISABLE), 389 by nsAccountLock, OpenLDAP's password policy by a time
// in the year 0 (draft-behera-ldap-password-policy, section 5.3.3).
func locked(e *ldap.Entry) bool {
	var control int
	if _, err := fmt.Sscan(cmp.Or(value(e, "userAccountControl"), "0"), &control); err != nil {
		control = 0
	}
	return control&2 != 0 || strings.EqualFold(value(e, "nsAccountLock"), "true") || value(e, "pwdAccountLockedTime") == "000001010000Z"
}

// primaryGroup is the SID of the group that an account is in without being a member of
// it: that of the account with another number at its end ([MS-DTYP], section 2.4.2.2).
// "": there is none.
func primaryGroup(e *ldap.Entry) string {
	sid := e.GetEqualFoldRawAttributeValue("objectSid")
	n, err := strconv.ParseUint(value(e, "primaryGroupID"), 10, 32)
	if err != nil || len(sid) < 12 {
		return ""
	}
	sid = append([]byte{}, sid...)
	binary.LittleEndian.PutUint32(sid[len(sid)-4:], uint32(n))
	return string(sid)
}

// rest are all values of an attribute, of which the directory has given the entry the
// first ones only if they are many ([MS-ADTS], section 3.1.1.3.1.3.3): "member;range=0-1499"
// and on, until "member;range=3000-*". A list that ends early is an error.
func (p *pool) rest(ctx context.Context, e *ldap.Entry, attribute string) ([]string, error) {
	dn, all := e.DN, values(e, attribute)
	for {
		to := rangeEnd(e, attribute)
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
		more := values(next, attribute)
		if len(more) == 0 || rangeEnd(next, attribute) == "" {
			return nil, fault.New(fault.Unavailable, "The directory gives a list of members in parts, and not to its end.")
		}
		e, all = next, append(all, more...)
	}
}

// rangeEnd is where the part of an attribute's values ends that an entry has: a number
// counted from 0, "*" for the end, "" when it is no part.
func rangeEnd(e *ldap.Entry, attribute string) string {
	for _, a := range e.Attributes {
		name, options, _ := strings.Cut(a.Name, ";")
		option, ok := strings.CutPrefix(strings.ToLower(options), "range=")
		if !ok || !strings.EqualFold(name, attribute) || len(a.Values) == 0 {
			continue
		}
		if _, end, ok := strings.Cut(option, "-"); ok {
			return end
		}
	}
	return ""
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
