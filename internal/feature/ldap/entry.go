package ldap

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/quota"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/feature/ldap/entries"
)

// maxName is how long the id of an account or a group may be, in bytes.
const maxName = 64

// person is an entry as we read it.
type person struct {
	dn       string
	login    identity.Login // without groups
	uid      string         // how a posixGroup names its members
	gid      string         // number of the primary group; "": none
	primary  string         // in Active Directory, the SID of the primary group; "": none
	memberOf []string       // DNs of groups
	locked   bool           // by whoever runs the directory
	byDN     string         // the attribute by which entries of this directory are found by their DN
}

// personAttributes are the attributes that read needs.
func (c *Config) personAttributes() []string {
	all := []string{c.get("ldapUserDisplayName"), c.get("ldapUserDisplayName2"), c.get("ldapEmailAttribute"), c.get("ldapQuotaAttribute"),
		c.get("ldapExpertUsernameAttr"), c.get("ldapGidNumber"), "uid", "cn", "userAccountControl", "primaryGroupID", "objectSid", "nsAccountLock", "pwdAccountLockedTime"}
	for _, key := range profileKeys {
		all = append(all, c.get(key))
	}
	if c.byMemberOf() {
		all = append(all, "memberOf")
	}
	return clean(append(all, entries.IDAttributes(c.get("ldapExpertUUIDUserAttr"))...))
}

// clean leaves out empty names and what is there twice.
func clean(all []string) []string {
	slices.Sort(all)
	return slices.Compact(slices.DeleteFunc(all, func(s string) bool { return s == "" }))
}

// read makes a person of an entry. One without an id is an error.
func (c *Config) read(e *ldap.Entry) (*person, error) {
	id, err := entries.ID(e, c.get("ldapExpertUUIDUserAttr"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.DN, err)
	}
	name := vouch.PlainName(id)
	if attribute := c.get("ldapExpertUsernameAttr"); attribute != "" {
		name = cmp.Or(vouch.PlainName(entries.Value(e, attribute)), name)
	}
	subject := c.ID + "/" + id
	if name == "" || len(name) > maxName || len(subject) > 255 {
		return nil, fmt.Errorf("%s: %q cannot be the name of an account", e.DN, name)
	}
	p := &person{dn: e.DN, uid: entries.Value(e, "uid"), gid: entries.Value(e, c.get("ldapGidNumber")), memberOf: entries.Values(e, "memberOf"), locked: entries.Locked(e), byDN: "entryDN"}
	if entries.Value(e, "userAccountControl") != "" { // Active Directory has another name for it
		p.byDN, p.primary = "distinguishedName", entries.PrimaryGroup(e)
	}
	p.login = identity.Login{Source: Source, Subject: subject, ID: name, Quota: c.quota(e), Fields: map[string]string{"displayname": c.display(e)}}
	if attribute := c.get("ldapEmailAttribute"); attribute != "" {
		p.login.Fields["email"] = entries.Value(e, attribute)
	}
	for field, key := range profileKeys {
		if attribute := c.get(key); attribute != "" {
			p.login.Fields[field] = entries.Value(e, attribute)
		}
	}
	return p, nil
}

// display is what somebody is called: "Name (second)" where a second is set.
func (c *Config) display(e *ldap.Entry) string {
	name := cmp.Or(entries.Value(e, c.get("ldapUserDisplayName")), entries.Value(e, "cn"))
	if second := entries.Value(e, c.get("ldapUserDisplayName2")); second != "" {
		name += " (" + second + ")"
	}
	r := []rune(name)
	return string(r[:min(len(r), 255)])
}

// quota is what an entry says, or else what the configuration says; nil: nothing
// that can be read, which leaves the account's as it is.
func (c *Config) quota(e *ldap.Entry) *int64 {
	for _, s := range []string{entries.Value(e, c.get("ldapQuotaAttribute")), c.get("ldapQuotaDefault")} {
		if n, err := quota.Parse(s); s != "" && err == nil {
			return &n
		}
	}
	return nil
}
