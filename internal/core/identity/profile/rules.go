package profile

import (
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"atrium/internal/base/fault"
)

// rule is what a field may hold.
type rule struct {
	name  string
	place int    // order in a profile
	scope string // who sees it at first; "": nobody else ever
	own   bool   // the value stands in the account's own row
	many  bool   // has any number of values
	found bool   // accounts are found by it
	long  bool   // may be longer than 255 bytes
	// check cleans a value; false: it cannot be. Of a field without one only the
	// scope is kept.
	check func(value, region string) (string, bool)
}

// maxValue bounds every value, in bytes.
const maxValue = 8192

// item is what an account is found by, "" for most fields.
func (r rule) item(value string) string {
	switch {
	case r.many:
		return strings.ToLower(value)
	case r.found:
		return value
	}
	return ""
}

func (r rule) invalid() error {
	return fault.New(fault.Invalid, "Invalid {field}", "field", strings.ReplaceAll(r.name, "_", " "))
}

// rules are all fields, by name.
var rules = makeRules()

func makeRules() map[string]rule {
	text := func(v, _ string) (string, bool) { return v, true }
	list := []rule{
		{name: "avatar", scope: Federated},
		{name: "displayname", scope: Federated, own: true, check: text},
		{name: "email", scope: Federated, own: true, check: cleanMail},
		{name: "additional_mail", scope: Local, many: true, check: cleanMail},
		{name: "phone", scope: Local, found: true, check: E164},
		{name: "address", scope: Local, long: true, check: text},
		{name: "website", scope: Local, long: true, check: cleanWebsite},
		{name: "twitter", scope: Local, check: cleanHandle(`^[A-Za-z0-9_]{1,15}$`)},
		{name: "bluesky", scope: Local, check: cleanHandle(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)},
		{name: "fediverse", scope: Local, check: cleanHandle(`^[A-Za-z0-9_.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d+)?$`)},
		{name: "organisation", scope: Local, check: text},
		{name: "role", scope: Local, check: text},
		{name: "headline", scope: Local, long: true, check: text},
		{name: "biography", scope: Local, long: true, check: text},
		{name: "birthdate", scope: Local, check: text},
		{name: "profile_enabled", scope: Local, check: cleanSwitch},
		{name: "pronouns", scope: Federated, check: text},
		{name: "notify_email", check: cleanMail},
		{name: "language", own: true, check: cleanLanguage},
		{name: "locale", own: true, check: cleanLanguage},
		{name: "timezone", own: true, check: cleanZone},
		{name: "first_day_of_week", check: cleanWeekday},
		{name: "manager", found: true, check: text},
	}
	out := make(map[string]rule, len(list))
	for i, r := range list {
		r.place = i
		out[r.name] = r
	}
	return out
}

// Known tells whether there is a field of a name, and whether its value stands in
// the account's own row.
func Known(name string) (own, ok bool) {
	r, ok := rules[name]
	return r.own, ok
}

// Many tells whether a field may have many values.
func Many(name string) bool { return rules[name].many }

// Clean checks a value and writes it as it is kept. A phone number that does not
// tell its country is of the region, such as "SE". What cannot be is
// fault.Invalid, a field without values fault.Unsupported.
func Clean(name, value, region string) (string, error) {
	r, ok := rules[name]
	if !ok || r.check == nil {
		return "", fault.New(fault.Unsupported, "There is no such field.")
	}
	if !utf8.ValidString(value) || strings.Contains(value, "\x00") || len(value) > maxValue || len(value) > 255 && !r.long {
		return "", r.invalid()
	}
	if value == "" && !r.many {
		return "", nil
	}
	clean, ok := r.check(value, region)
	if !ok {
		return "", r.invalid()
	}
	return clean, nil
}

// Refuse is the error of a value that cannot be.
func Refuse(name string) error { return rules[name].invalid() }

// ValidMail tells whether a text is one bare mail address.
func ValidMail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == "" && !strings.ContainsAny(s, "<> \"")
}

// cleanMail writes an address in small letters (31-provisioning/059 and 082).
func cleanMail(v, _ string) (string, bool) {
	v = strings.ToLower(strings.TrimSpace(v))
	return v, ValidMail(v)
}

func cleanWebsite(v, _ string) (string, bool) {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.ContainsAny(v, " \t\r\n") {
		return "", false
	}
	return v, true
}

// cleanHandle takes the @ from the front of a name in some network.
func cleanHandle(pattern string) func(v, _ string) (string, bool) {
	return func(v, _ string) (string, bool) {
		v = strings.TrimPrefix(strings.TrimSpace(v), "@")
		return v, regexp.MustCompile(pattern).MatchString(v)
	}
}

func cleanSwitch(v, _ string) (string, bool) {
	switch strings.ToLower(v) {
	case "1", "true":
		return "1", true
	case "0", "false":
		return "0", true
	}
	return "", false
}

// cleanLanguage takes what the registry of language tags knows (BCP 47), in the
// spelling with an underscore: "de_AT".
func cleanLanguage(v, _ string) (string, bool) {
	base, _, _ := strings.Cut(v, "@") // ca@valencia
	_, err := language.Parse(strings.ReplaceAll(base, "_", "-"))
	return v, err == nil && len(v) <= 35
}

func cleanZone(v, _ string) (string, bool) {
	if v == "Local" {
		return "", false
	}
	_, err := time.LoadLocation(v)
	return v, err == nil
}

// cleanWeekday takes 0 for Sunday to 6, and -1 for what the locale says.
func cleanWeekday(v, _ string) (string, bool) {
	return v, v == "-1" || len(v) == 1 && v >= "0" && v <= "6"
}
