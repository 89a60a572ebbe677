// Package scope says what external apps may be granted: which addresses a scope opens, and
// what it leaves of a person's rights (reference exapp-auth, section 3). It knows paths and
// principals, and no apps.
package scope

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// grant is what a scope opens: the routes below some paths, as far as the scope of the
// principal lets anybody through there.
type grant struct {
	paths [][]string // the segments behind /ocs/vN.php, or of the whole path
	rooms []string
	verbs who.Verb
	alone bool // no person needs to have agreed
}

// The scope without limits, and the one that every app has.
const (
	All   = "ALL"
	Basic = "BASIC"
)

// The addresses of the endpoints for apps, of today's protocol and of the signed one.
const (
	API  = "/apps/app_api"
	Seed = "/apps/app_ecosystem_v2"
)

// grants are the scopes by name (exapp-auth, section 3). What the reference lets apps
// write under USER_INFO is left out: a scope that is called so reads.
func grants() map[string]grant {
	own := func(paths ...string) (out [][]string) {
		for _, p := range paths {
			for _, root := range []string{API, Seed} {
				out = append(out, segments(root+p))
			}
		}
		return out
	}
	at := func(paths ...string) (out [][]string) {
		for _, p := range paths {
			out = append(out, segments(p))
		}
		return out
	}
	account, all := []string{who.AccountRoom}, who.Read|who.Write
	tasks := grant{at("/taskprocessing/tasktypes", "/taskprocessing/schedule", "/taskprocessing/task", "/taskprocessing/tasks"), account, all, false}
	files := grant{at("/remote.php", "/apps/files"), []string{who.FilesRoom, who.AccountRoom}, all, false}
	return map[string]grant{
		Basic: {append(own("/api/v1/log", "/api/v1/ex-app/config", "/api/v1/ex-app/preference", "/api/v1/files/actions/menu",
			"/api/v1/ui", "/api/v2/ui", "/api/v1/info", "/ex-app", "/apps/status"), at("/cloud/capabilities")...), nil, who.Read, true},
		"SYSTEM": {append(own("/api/v1/users", "/api/v1/ex-app/all"), at("/cloud/apps", "/apps/provisioning_api/api")...),
			[]string{who.AdminRoom, who.AccountRoom}, all, false},
		"DAV":                 files,
		"FILES":               files,
		"FILES_SHARING":       {at("/apps/files_sharing/api"), []string{who.FilesRoom}, all | who.Share, false},
		"USER_INFO":           {at("/cloud/user", "/cloud/users", "/cloud/groups"), []string{who.AdminRoom, who.AccountRoom}, who.Read, false},
		"USER_STATUS":         {at("/apps/user_status/api"), account, all, false},
		"NOTIFICATIONS":       {append(own("/api/v1/notification"), at("/apps/notifications/api")...), account, all, false},
		"ACTIVITIES":          {at("/apps/activity/api"), account, who.Read, false},
		"OCC_COMMAND":         {own("/api/v1/occ_command"), nil, all, true},
		"AI_PROVIDERS":        {append(own("/api/v1/ai_provider"), at("/taskprocessing/tasks_provider")...), nil, all, true},
		"EVENTS_LISTENER":     {own("/api/v1/events_listener"), nil, all, true},
		"TEXT_PROCESSING":     tasks,
		"MACHINE_TRANSLATION": tasks,
	}
}

// Numbered is the scope that apps of the signed protocol ask for by a number. DAV has its
// number from the first weeks, the others those that have been in use since.
func Numbered(n int) (name string, ok bool) {
	name, ok = map[int]string{1: Basic, 2: "SYSTEM", 3: "DAV", 10: "FILES", 11: "FILES_SHARING", 30: "USER_INFO", 31: "USER_STATUS",
		32: "NOTIFICATIONS", 61: "AI_PROVIDERS", 62: "EVENTS_LISTENER", 63: "OCC_COMMAND", 110: "ACTIVITIES", 200: "TEXT_PROCESSING", 210: "MACHINE_TRANSLATION", 9999: All}[n]
	return name, ok
}

// Names are the names of all scopes.
func Names() []string { return append(slices.Sorted(maps.Keys(grants())), All) }

// Check refuses names that are no scopes.
func Check(names []string) error {
	known := Names()
	for _, n := range names {
		if !slices.Contains(known, n) {
			return fault.New(fault.Invalid, "There is no scope {scope}. The scopes are: {scopes}.", "scope", n, "scopes", strings.Join(known, ", "))
		}
	}
	return nil
}

// segments cuts an escaped path as the door does: empty segments mean nothing, and what
// is escaped stays inside its segment.
func segments(path string) (out []string) {
	for seg := range strings.SplitSeq(path, "/") {
		if seg == "" {
			continue
		}
		if s, err := url.PathUnescape(seg); err == nil {
			seg = s
		}
		out = append(out, seg)
	}
	return out
}

// routeOf is what a scope is held against: the segments of a path without what stands
// before those of every endpoint.
func routeOf(path string) []string {
	s := segments(path)
	if len(s) > 0 && s[0] == "index.php" {
		s = s[1:]
	}
	if len(s) > 1 && s[0] == "ocs" && (s[1] == "v1.php" || s[1] == "v2.php") {
		s = s[2:]
	}
	return s
}

// Is tells whether an escaped path is that of an endpoint.
func Is(path, endpoint string) bool { return slices.Equal(routeOf(path), segments(endpoint)) }

// Reach is what scopes open at an escaped path: ok tells whether a method may be used
// there, and alone whether that needs nobody's consent.
func Reach(scopes []string, method, path string) (ok, alone bool) {
	if slices.Contains(scopes, All) {
		return true, false
	}
	route, known := routeOf(path), grants()
	for _, name := range append([]string{Basic}, scopes...) {
		g := known[name]
		for _, p := range g.paths {
			if len(route) < len(p) || !slices.Equal(route[:len(p)], p) {
				continue
			}
			if name == Basic || g.verbs&who.Write != 0 || Reads(method) {
				return true, g.alone
			}
		}
	}
	return false, false
}

// Reads tells whether a method changes nothing.
func Reads(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, "PROPFIND", "REPORT", "SEARCH":
		return true
	}
	return false
}

// Limit is what scopes leave of the rights of a person; nil: all of them.
func Limit(scopes []string) *who.Scope {
	if slices.Contains(scopes, All) {
		return nil
	}
	s, known := &who.Scope{Verbs: who.Read}, grants()
	for _, name := range scopes {
		g := known[name]
		s.Verbs |= g.verbs
		for _, room := range g.rooms {
			if !slices.Contains(s.Rooms, room) {
				s.Rooms = append(s.Rooms, room)
			}
		}
	}
	if len(s.Rooms) == 0 {
		s.Rooms = []string{who.SelfRoom} // none at all would mean every one
	}
	return s
}
