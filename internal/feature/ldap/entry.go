package ldap

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/quota"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
)

// uuids are the attributes that tell entries apart for ever, in the order in which
// they are looked for (sso.md 4.2).
var uuids = []string{"entryUUID", "nsUniqueId", "objectGUID", "GUID", "ipaUniqueID"}

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

// value is the first value of an attribute. An attribute with options, such as
// cn;lang-de, is as good when the plain one is not there (RFC 4512, section 2.5).
func value(e *ldap.Entry, attribute string) string {
	if all := values(e, attribute); len(all) > 0 {
		return strings.TrimSpace(all[0])
	}
	return ""
}

func values(e *ldap.Entry, attribute string) []string {
	if attribute == "" {
		return nil
	}
	if all := e.GetEqualFoldAttributeValues(attribute); len(all) > 0 {
		return all
	}
	for _, a := range e.Attributes {
		if name, _, ok := strings.Cut(a.Name, ";"); ok && strings.EqualFold(name, attribute) && len(a.Values) > 0 {
			return a.Values
		}
	}
	return nil
}

// errNoID is an entry that cannot be told from others.
var errNoID = errors.New("the entry has no attribute that tells it apart")

// identify returns what tells an entry apart, as text.
func identify(e *ldap.Entry, override string) (string, error) {
	candidates := uuids
	if override != "" {
		candidates = []string{override}
	}
	for _, name := range candidates {
		raw := e.GetEqualFoldRawAttributeValue(name)
		switch {
		case len(raw) == 0:
		case strings.EqualFold(name, "objectGUID"):
			if id := vouch.GUID(raw); id != "" {
				return id, nil
			}
			return "", errNoID
		default:
			return string(raw), nil
		}
	}
	return "", errNoID
}

// guidFilter is how a filter writes the bytes of an objectGUID.
func guidFilter(text string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != 16 {
		return ldap.EscapeFilter(text)
	}
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	var f strings.Builder
	for _, c := range b {
		fmt.Fprintf(&f, `\%02x`, c)
	}
	return f.String()
}

// identified is a filter for the one entry that identify calls by an id.
func identified(id, override string) string {
	if override != "" {
		if strings.EqualFold(override, "objectGUID") {
			return "(" + override + "=" + guidFilter(id) + ")"
		}
		return "(" + override + "=" + ldap.EscapeFilter(id) + ")"
	}
	f := "(|"
	for _, name := range uuids {
		v := ldap.EscapeFilter(id)
		if name == "objectGUID" {
			v = guidFilter(id)
		}
		f += "(" + name + "=" + v + ")"
	}
	return f + ")"
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
	return clean(append(all, c.idAttributes("ldapExpertUUIDUserAttr")...))
}

func (c *Config) idAttributes(key string) []string {
	if override := c.get(key); override != "" {
		return []string{override}
	}
	return uuids
}

// clean leaves out empty names and what is there twice.
func clean(all []string) []string {
	slices.Sort(all)
	return slices.Compact(slices.DeleteFunc(all, func(s string) bool { return s == "" }))
}

// read makes a person of an entry. One without an id is an error.
func (c *Config) read(e *ldap.Entry) (*person, error) {
	id, err := identify(e, c.get("ldapExpertUUIDUserAttr"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.DN, err)
	}
	name := vouch.PlainName(id)
	if attribute := c.get("ldapExpertUsernameAttr"); attribute != "" {
		name = cmp.Or(vouch.PlainName(value(e, attribute)), name)
	}
	subject := c.ID + "/" + id
	if name == "" || len(name) > maxName || len(subject) > 255 {
		return nil, fmt.Errorf("%s: %q cannot be the name of an account", e.DN, name)
	}
	p := &person{dn: e.DN, uid: value(e, "uid"), gid: value(e, c.get("ldapGidNumber")), memberOf: values(e, "memberOf"), locked: locked(e), byDN: "entryDN"}
	if value(e, "userAccountControl") != "" { // Active Directory has another name for it
		p.byDN, p.primary = "distinguishedName", primaryGroup(e)
	}
	p.login = identity.Login{Source: Source, Subject: subject, ID: name, Quota: c.quota(e), Fields: map[string]string{"displayname": c.display(e)}}
	if attribute := c.get("ldapEmailAttribute"); attribute != "" {
		p.login.Fields["email"] = value(e, attribute)
	}
	for field, key := range profileKeys {
		if attribute := c.get(key); attribute != "" {
			p.login.Fields[field] = value(e, attribute)
		}
	}
	return p, nil
}

// display is what somebody is called: "Name (second)" where a second is set.
func (c *Config) display(e *ldap.Entry) string {
	name := cmp.Or(value(e, c.get("ldapUserDisplayName")), value(e, "cn"))
	if second := value(e, c.get("ldapUserDisplayName2")); second != "" {
		name += " (" + second + ")"
	}
	r := []rune(name)
	return string(r[:min(len(r), 255)])
}

// quota is what an entry says, or else what the configuration says; nil: nothing
// that can be read, which leaves the account's as it is.
func (c *Config) quota(e *ldap.Entry) *int64 {
	for _, s := range []string{value(e, c.get("ldapQuotaAttribute")), c.get("ldapQuotaDefault")} {
		if n, err := quota.Parse(s); s != "" && err == nil {
			return &n
		}
	}
	return nil
}
