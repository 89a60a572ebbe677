package entries

import (
	"regexp"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/fault"
)

// attribute is how attributes are called (RFC 4512, section 1.4).
var attribute = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,126}$`)

// Pictures are the attributes that hold somebody's picture, by a rule of
// ldapUserAvatarRule: "default", "none" or "data:ATTRIBUTE"; any other is fault.Invalid.
func Pictures(rule string) ([]string, error) {
	if rule == "" || rule == "default" {
		return []string{"jpegPhoto", "thumbnailPhoto"}, nil
	}
	if rule == "none" {
		return nil, nil
	}
	if name, ok := strings.CutPrefix(rule, "data:"); ok && attribute.MatchString(name) {
		return []string{name}, nil
	}
	return nil, fault.New(fault.Invalid, "ldapUserAvatarRule is default, none or data: and the name of an attribute.")
}

// HomeAttribute is the attribute that names people's homes, by a rule of
// homeFolderNamingRule, "attr:ATTRIBUTE"; "": there is none.
func HomeAttribute(rule string) string {
	if name, ok := strings.CutPrefix(rule, "attr:"); ok && attribute.MatchString(name) {
		return name
	}
	return ""
}

// Picture is the first that an entry has among attributes.
func Picture(e *ldap.Entry, attributes []string) []byte {
	for _, name := range attributes {
		if raw := e.GetEqualFoldRawAttributeValue(name); len(raw) > 0 {
			return raw
		}
	}
	return nil
}

// ChangedSince is a filter for the entries of another that were changed since a time, as
// OpenLDAP and others tell it, or Active Directory; the zero time: for all with one of the
// attributes.
func ChangedSince(filter string, since time.Time, attributes []string) string {
	f := "(&" + filter + "(|"
	if since.IsZero() {
		for _, name := range attributes {
			f += "(" + name + "=*)"
		}
		return f + "))"
	}
	at := since.UTC().Format("20060102150405") // RFC 4517, section 3.3.13
	return f + "(modifyTimestamp>=" + at + "Z)(whenChanged>=" + at + ".0Z)))"
}
