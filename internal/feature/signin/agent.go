package signin

import (
	"regexp"
	"strings"
)

// make of devices, for the picture beside their name.
const (
	formBrowser = "browser"
	formPhone   = "phone"
	formDesktop = "desktop"
	formProgram = "program"
)

// agentName tells how to call a kind of client, found by what its User-Agent
// says. The first that matches counts; $1 is the first group.
type agentName struct {
	pattern *regexp.Regexp
	name    string
	form    string
}

// agents are the clients whose names people would not know from their
// User-Agents (client-api 1.1), and the common browsers.
var agents = []agentName{
	{regexp.MustCompile(`\b(?:mirall|csyncoC)/`), "Sync client", formDesktop},
	{regexp.MustCompile(`(?i)\bNextcloud-Talk(?:[/ ]|$)`), "Talk app", formPhone},
	{regexp.MustCompile(`(?i)\bNextcloud-android\b`), "Files app", formPhone},
	{regexp.MustCompile(`(?i)\bNextcloud-iOS\b`), "Files app", formPhone},
	{regexp.MustCompile(`(?i)\bNextcloud-(Notes|Deck|News)\b`), "$1 app", formPhone},
	{regexp.MustCompile(`(?i)\bownCloud(?:App|-android|-iOS)?[/ ]`), "ownCloud app", formPhone},
	{regexp.MustCompile(`\bDAVx5/`), "DAVx⁵", formPhone},
	{regexp.MustCompile(`\bThunderbird/`), "Thunderbird", formProgram},
	{regexp.MustCompile(`\bEvolution/`), "Evolution", formProgram},
	{regexp.MustCompile(`\bGNOME-?Online-?Accounts|\bgvfs/`), "GNOME", formDesktop},
	{regexp.MustCompile(`\b(?:accountsd|dataaccessd|remindd)/`), "Calendar and contacts", formPhone},
	{regexp.MustCompile(`\b(?:CalendarAgent|AddressBookCore|AddressBookSourceSync)/`), "Calendar and contacts", formDesktop},
	{regexp.MustCompile(`\bWebDAVFS/`), "Finder", formDesktop},
	{regexp.MustCompile(`\bMicrosoft-WebDAV-MiniRedir/`), "Explorer", formDesktop},
	{regexp.MustCompile(`^(rclone|curl|Wget|davfs2|cadaver|restic)[/ ]`), "$1", formProgram},
	{regexp.MustCompile(`^python-(?:requests|httpx)/|^Go-http-client/`), "Script", formProgram},
	{regexp.MustCompile(`\bEdgA?(?:iOS)?/`), "Edge", formBrowser},
	{regexp.MustCompile(`\bOPR/`), "Opera", formBrowser},
	{regexp.MustCompile(`\bVivaldi/`), "Vivaldi", formBrowser},
	{regexp.MustCompile(`\b(?:Firefox|FxiOS)/`), "Firefox", formBrowser},
	{regexp.MustCompile(`\b(?:Chrome|CriOS|HeadlessChrome)/`), "Chrome", formBrowser},
	{regexp.MustCompile(`\bVersion/[0-9.]+.* Safari/`), "Safari", formBrowser},
}

var systems = []agentName{
	{pattern: regexp.MustCompile(`\biPad\b`), name: "iPad"},
	{pattern: regexp.MustCompile(`\b(?:iPhone|iOS)\b`), name: "iPhone"},
	{pattern: regexp.MustCompile(`\bAndroid\b|\bDAVx5/`), name: "Android"},
	{pattern: regexp.MustCompile(`\bWindows\b`), name: "Windows"},
	{pattern: regexp.MustCompile(`\b(?:Macintosh|Mac OS X|macOS|Darwin)\b`), name: "macOS"},
	{pattern: regexp.MustCompile(`\bCrOS\b`), name: "ChromeOS"},
	{pattern: regexp.MustCompile(`\bFreeBSD\b`), name: "FreeBSD"},
	{pattern: regexp.MustCompile(`(?i)\b(?:Linux|ubuntu|debian|fedora)\b`), name: "Linux"},
}

// called makes a name that people know of a User-Agent: "Firefox on Windows",
// and tells what sort of device it is. What it does not know, such as a name that
// a person gave, stays as it is.
func called(agent string) (name, form string) {
	form = formProgram
	for _, a := range agents {
		m := a.pattern.FindStringSubmatch(agent)
		if m == nil {
			continue
		}
		name, form = a.name, a.form
		if len(m) > 1 {
			name = strings.Replace(name, "$1", m[1], 1)
		}
		break
	}
	if name == "" {
		return agent, form
	}
	for _, s := range systems {
		if s.pattern.MatchString(agent) {
			return name + " on " + s.name, form
		}
	}
	return name, form
}
