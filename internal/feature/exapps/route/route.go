// Package route says what people reach of an external app through the server: which paths,
// by which methods, and who. It knows nothing of what is behind them.
package route

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// Route is a part of an app that people reach through us. The first that fits decides.
type Route struct {
	URL     string   `json:"url"`  // a regular expression that is found in the path, in any case
	Verb    string   `json:"verb"` // "GET, POST"
	Access  Access   `json:"access_level"`
	Exclude []string `json:"headers_to_exclude,omitempty"`

	path *regexp.Regexp
}

// Access is who may call a route, as a number or a name.
type Access int

// The access levels.
const (
	Everybody Access = iota
	People           // who is signed in
	Admins
)

// UnmarshalJSON implements json.Unmarshaler.
func (a *Access) UnmarshalJSON(b []byte) error {
	switch strings.ToUpper(strings.Trim(string(b), `"`)) {
	case "0", "PUBLIC":
		*a = Everybody
	case "1", "USER":
		*a = People
	case "2", "ADMIN":
		*a = Admins
	default:
		return errors.New("the access level is PUBLIC, USER or ADMIN")
	}
	return nil
}

// UnmarshalJSON reads a route as apps declare it, where lists may be texts that hold a
// JSON list.
func (t *Route) UnmarshalJSON(b []byte) error {
	type plain Route
	var in struct {
		*plain
		Exclude json.RawMessage `json:"headers_to_exclude"`
	}
	in.plain = (*plain)(t)
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	if len(in.Exclude) == 0 {
		return nil
	}
	list := in.Exclude
	var text string
	if json.Unmarshal(list, &text) == nil {
		if text == "" {
			return nil
		}
		list = []byte(text)
	}
	return json.Unmarshal(list, &t.Exclude)
}

// Compile readies a route; fault.Invalid if it is none.
func (t *Route) Compile() (err error) {
	if len(t.URL) > 500 {
		return fault.New(fault.Invalid, "A route of the app is too long.")
	}
	if t.path, err = regexp.Compile("(?i)" + t.URL); err != nil {
		return fault.Wrap(fault.Invalid, err, "A route of the app is no regular expression that can be used here: {route}", "route", t.URL)
	}
	return nil
}

// Open tells whether somebody may call the route; p is nil for nobody.
func (t *Route) Open(p *who.Principal) bool {
	switch t.Access {
	case Everybody:
		return true
	case People:
		return p != nil
	}
	return p != nil && p.Role == who.Admin
}

// Of is the route of a method and a path without its leading slash; nil if none.
func Of(all []Route, method, path string) *Route {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for i := range all {
		t := &all[i]
		verbs := strings.FieldsFunc(strings.ToUpper(t.Verb), func(r rune) bool { return r == ',' || r == ' ' })
		if t.path.MatchString(path) && slices.Contains(verbs, method) {
			return t
		}
	}
	return nil
}
