package principals

import (
	"context"
	"encoding/xml"
	"slices"
	"strings"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/dav"
)

// Namespaces of properties that calendars look for.
const (
	nsCal = "urn:ietf:params:xml:ns:caldav"
	nsCS  = "http://calendarserver.org/ns/"
	nsCom = "http://nextcloud.com/ns" // of the language, as recorded
)

func dv(name string) xml.Name  { return xml.Name{Space: dav.NSDAV, Local: name} }
func cal(name string) xml.Name { return xml.Name{Space: nsCal, Local: name} }
func cs(name string) xml.Name  { return xml.Name{Space: nsCS, Local: name} }

var (
	displayName = dv("displayname")
	mailAddress = xml.Name{Space: dav.NSSabre, Local: "email-address"}
	userAddress = cal("calendar-user-address-set")
)

// writer writes a property of a principal; it has none where it returns false.
type writer func(b []byte, p *principal, r *dav.Resource) ([]byte, bool)

// writers are the properties of principals (17-dav-misc/043).
var writers = map[xml.Name]writer{
	displayName: func(b []byte, p *principal, _ *dav.Resource) ([]byte, bool) {
		return dav.AppendText(b, p.name()), true
	},
	dv("resourcetype"): kindOf,
	dv("principal-URL"): func(b []byte, _ *principal, r *dav.Resource) ([]byte, bool) {
		return href(b, r.Path), true
	},
	dv("owner"): func(b []byte, p *principal, r *dav.Resource) ([]byte, bool) {
		return href(b, strings.TrimSuffix(r.Path, "/"+p.proxy)), true
	},
	dv("alternate-URI-set"):        func(b []byte, p *principal, _ *dav.Resource) ([]byte, bool) { return mailTo(b, p), true },
	dv("group-member-set"):         func(b []byte, _ *principal, _ *dav.Resource) ([]byte, bool) { return b, true },
	cs("calendar-proxy-read-for"):  nobody,
	cs("calendar-proxy-write-for"): nobody,
	mailAddress: func(b []byte, p *principal, _ *dav.Resource) ([]byte, bool) {
		return dav.AppendText(b, p.mail()), p.mail() != ""
	},
	{Space: nsCom, Local: "language"}: func(b []byte, p *principal, _ *dav.Resource) ([]byte, bool) {
		if p.user == nil {
			return b, false
		}
		return dav.AppendText(b, language(p.user)), true
	},
	userAddress: func(b []byte, p *principal, r *dav.Resource) ([]byte, bool) {
		if p.user == nil || p.proxy != "" {
			return b, false
		}
		return href(mailTo(b, p), r.Path), true
	},
	cal("calendar-user-type"): func(b []byte, p *principal, _ *dav.Resource) ([]byte, bool) {
		if p.user == nil {
			return append(b, "GROUP"...), true
		}
		return append(b, "INDIVIDUAL"...), true
	},
	cs("email-address-set"): func(b []byte, p *principal, _ *dav.Resource) ([]byte, bool) {
		if p.mail() != "" {
			b = append(b, `<email-address xmlns="`+nsCS+`">`...)
			b = append(dav.AppendText(b, p.mail()), "</email-address>"...)
		}
		return b, p.user != nil
	},
}

func language(u *identity.User) string {
	if u.Language == "" {
		return "en"
	}
	return u.Language
}

// nobody is acted for: who may act for whom is the calendars' to say.
func nobody(b []byte, p *principal, _ *dav.Resource) ([]byte, bool) { return b, p.user != nil }

func (p *principal) name() string {
	switch {
	case p.proxy != "":
		return p.proxy
	case p.user == nil:
		return p.group.Display
	}
	return p.user.Display
}

// mail is the address, which nobody can keep from the others of this server.
func (p *principal) mail() string {
	if p.user == nil || p.proxy != "" {
		return ""
	}
	return p.user.Mail
}

func kindOf(b []byte, p *principal, r *dav.Resource) ([]byte, bool) {
	if p.proxy != "" {
		return append(b, "<d:principal/><"+p.proxy+` xmlns="`+nsCS+`"/>`...), true
	}
	b, _ = dav.ResourceType(b, r)
	return append(b, "<d:principal/>"...), true
}

// href writes the address of a path in the mount.
func href(b []byte, path string) []byte {
	b = append(b, "<d:href>/remote.php/dav/"+dav.Principals...)
	return append(dav.AppendHref(b, path), "/</d:href>"...)
}

func mailTo(b []byte, p *principal) []byte {
	if p.mail() == "" {
		return b
	}
	b = append(b, "<d:href>mailto:"...)
	return append(dav.AppendText(b, p.mail()), "</d:href>"...)
}

// props knows the properties of principals.
type props struct{}

// Default implements dav.Props.
func (props) Default() []xml.Name { return []xml.Name{dv("resourcetype")} }

// Open implements dav.Props.
func (props) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	me := who.From(ctx)
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	for i, name := range want {
		switch w, ok := writers[name]; {
		case ok:
			set.Writers[i] = of(w, name == dv("resourcetype"))
		case name == dv("current-user-principal"):
			set.Writers[i] = dav.CurrentUserPrincipal(ctx)
		case name == dv("principal-collection-set"):
			set.Writers[i] = dav.PrincipalCollectionSet
		case name == dv("supported-report-set"):
			set.Writers[i] = reports
		case name == dv("group-membership"):
			set.Writers[i] = of(memberships(me), false)
		case name == dv("current-user-privilege-set"):
			set.Writers[i] = of(privileges(me), false)
		}
	}
	return set, nil
}

// of writes a property of principals; collections of them have at most a type.
func of(w writer, typed bool) dav.Writer {
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		if p, ok := r.Value.(*principal); ok {
			return w(b, p, r)
		}
		if typed {
			return dav.ResourceType(b, r)
		}
		return b, false
	}
}

// memberships are the caller's own groups; those of others are not told.
func memberships(me *who.Principal) writer {
	return func(b []byte, p *principal, _ *dav.Resource) ([]byte, bool) {
		if p.user != nil && p.user.ID == me.ID && p.proxy == "" {
			for _, g := range slices.Sorted(slices.Values(me.Groups)) {
				b = href(b, "/groups/"+g)
			}
		}
		return b, true
	}
}

// privileges are all on oneself, and reading on others (17-dav-misc/043).
func privileges(me *who.Principal) writer {
	return func(b []byte, p *principal, _ *dav.Resource) ([]byte, bool) {
		names := []string{"read", "read-acl", "read-current-user-privilege-set"}
		if p.user != nil && p.user.ID == me.ID {
			names = append(names, "all", "write", "write-properties", "write-content", "unlock", "bind", "unbind", "write-acl")
		}
		for _, n := range names {
			b = append(b, "<d:privilege><d:"+n+"/></d:privilege>"...)
		}
		return b, true
	}
}
