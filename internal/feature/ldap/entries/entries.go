// Package entries reads what an entry of a directory says: its attributes, what tells
// it apart from all others, and what Active Directory writes in its own way. It knows
// no configuration and asks no directory.
package entries

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/core/identity/vouch"
)

// IDAttributes are the attributes that tell entries apart for ever, in the order in
// which they are looked for (sso.md 4.2), or the one that stands instead of them.
func IDAttributes(override string) []string {
	if override != "" {
		return []string{override}
	}
	return []string{"entryUUID", "nsUniqueId", "objectGUID", "GUID", "ipaUniqueID"}
}

// Value is the first value of an attribute. An attribute with options, such as
// cn;lang-de, is as good when the plain one is not there (RFC 4512, section 2.5).
func Value(e *ldap.Entry, attribute string) string {
	if all := Values(e, attribute); len(all) > 0 {
		return strings.TrimSpace(all[0])
	}
	return ""
}

// Values are those of an attribute.
func Values(e *ldap.Entry, attribute string) []string {
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

// ID returns what tells an entry apart, as text.
func ID(e *ldap.Entry, override string) (string, error) {
	for _, name := range IDAttributes(override) {
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

// ByID is a filter for the one entry that ID calls by an id.
func ByID(id, override string) string {
	f := "(|"
	for _, name := range IDAttributes(override) {
		v := ldap.EscapeFilter(id)
		if strings.EqualFold(name, "objectGUID") {
			v = guidFilter(id)
		}
		f += "(" + name + "=" + v + ")"
	}
	return f + ")"
}

// Locked tells whether a directory has locked an entry: Active Directory by a bit
// (ADS_UF_ACCOUNTDISABLE), 389 by nsAccountLock, OpenLDAP's password policy by a time
// in the year 0 (draft-behera-ldap-password-policy, section 5.3.3).
func Locked(e *ldap.Entry) bool {
	var control int
	if _, err := fmt.Sscan(cmp.Or(Value(e, "userAccountControl"), "0"), &control); err != nil {
		control = 0
	}
	return control&2 != 0 || strings.EqualFold(Value(e, "nsAccountLock"), "true") || Value(e, "pwdAccountLockedTime") == "000001010000Z"
}

// PrimaryGroup is the SID of the group that an account is in without being a member of
// it: that of the account with another number at its end ([MS-DTYP], section 2.4.2.2).
// "": there is none.
func PrimaryGroup(e *ldap.Entry) string {
	sid := e.GetEqualFoldRawAttributeValue("objectSid")
	n, err := strconv.ParseUint(Value(e, "primaryGroupID"), 10, 32)
	if err != nil || len(sid) < 12 {
		return ""
	}
	sid = append([]byte{}, sid...)
	binary.LittleEndian.PutUint32(sid[len(sid)-4:], uint32(n))
	return string(sid)
}

// RangeEnd is where the part of an attribute's values ends that an entry has: a number
// counted from 0, "*" for the end, "" when it is no part.
func RangeEnd(e *ldap.Entry, attribute string) string {
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

// FoldDN writes a distinguished name so that equal ones are the same text.
func FoldDN(s string) string {
	dn, err := ldap.ParseDN(s)
	if err != nil {
		return strings.ToLower(s)
	}
	return strings.ToLower(dn.String())
}
