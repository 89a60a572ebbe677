package administration

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
	"atrium/internal/proto/plug"
)

// page is one of the web client's, as its rooms define it.
type page struct {
	id, title string
	admin     bool   // among those of administration, not one's own
	right     string // that opens it besides being an administrator, "" for none
	leaders   bool   // who administers a group may open it too
}

// pages are all pages of settings and administration.
var pages = []page{
	{id: "profile", title: "Profile"},
	{id: "security", title: "Security"},
	{id: "connect", title: "Connect devices"},
	{id: "devices", title: "Devices and sessions"},
	{id: "offers", title: "Handing over"},
	{id: "notifications", title: "Notifications"},
	{id: "appearance", title: "Appearance"},
	{id: "sharing", title: "Sharing"},
	{id: "apps", title: "External apps"},
	{id: "storage", title: "Storage and privacy"},
	{id: "overview", title: "Overview", admin: true, right: "monitor"},
	{id: "monitoring", title: "Monitoring", admin: true, right: "monitor"},
	{id: "parts", title: "Parts", admin: true, right: "apps"},
	{id: "apps", title: "External apps", admin: true},
	{id: "appforms", title: "Settings of apps", admin: true},
	{id: "mail", title: "Mail", admin: true},
	{id: "letters", title: "Letters", admin: true},
	{id: "server", title: "Configuration", admin: true, right: "settings"},
	{id: "appearance", title: "Appearance", admin: true, right: "settings"},
	{id: "webhooks", title: "Webhooks", admin: true, right: "webhooks"},
	{id: "people", title: "People", admin: true, right: "users", leaders: true},
	{id: "groups", title: "Groups", admin: true, right: "groups", leaders: true},
	{id: "roles", title: "Roles", admin: true},
	{id: "news", title: "Announcements", admin: true},
	{id: "signin", title: "Ways to sign in", admin: true},
	{id: "openid", title: "OpenID Connect", admin: true},
	{id: "saml", title: "SAML", admin: true},
	{id: "ldap", title: "LDAP", admin: true},
	{id: "programs", title: "Programs", admin: true},
	{id: "kerberos", title: "Kerberos", admin: true},
	{id: "scim", title: "SCIM", admin: true},
	{id: "sharing", title: "Sharing", admin: true, right: "settings"},
	{id: "security", title: "Security", admin: true},
	{id: "files", title: "Files", admin: true, right: "settings"},
	{id: "jobs", title: "Background work", admin: true, right: "monitor"},
	{id: "log", title: "Server log", admin: true},
	{id: "audit", title: "Audit log", admin: true, right: "audit"},
}

// opens tells whether somebody may open a page.
func (g page) opens(p *who.Principal) bool {
	if !g.admin {
		return p.Scope.Allows(who.AccountRoom, who.Read)
	}
	return p.Scope.Allows(who.AdminRoom, who.Read) &&
		(p.Role == who.Admin || g.leaders && p.Role == who.GroupAdmin || g.right != "" && slices.Contains(p.Rights, g.right))
}

func (g page) url() string {
	if g.admin {
		return "/settings/admin/" + g.id
	}
	return "/settings/user/" + g.id
}

// finder is the provider "settings" of the unified search (30-core/124): pages that
// the asker may open, and on them the settings whose names they may see.
type finder struct{ *Room }

// About implements plug.Searcher.
func (finder) About(context.Context, *who.Principal) (plug.Provider, bool) {
	return plug.Provider{App: "settings", Name: "Settings", Icon: settingsIcon, Order: 500}, true
}

const settingsIcon = "icon-settings-dark"

// pageOf is where the settings of a room stand.
func pageOf(room string) string {
	switch room {
	case "sharing", "sharemail":
		return "sharing"
	case "passwords":
		return "security"
	case "user_oidc":
		return "openid"
	case "user_saml":
		return "saml"
	case "kerberos", "scim":
		return room
	case "webhook_listeners":
		return "webhooks"
	}
	return "files"
}

// Search implements plug.Searcher.
func (f finder) Search(_ context.Context, w plug.Wanted) (out plug.Found, err error) {
	words := strings.Fields(strings.ToLower(w.Term))
	if len(words) == 0 {
		return out, nil
	}
	in := cmp.Or(w.Tongue, tongue.English())
	may := map[string]page{} // the pages of administration, by id
	for _, g := range pages {
		if !g.opens(w.Who) {
			continue
		}
		if g.admin {
			may[g.id] = g
		}
		if has(g.title+" "+in.Known(g.title), words) {
			sub := ""
			if g.admin {
				sub = in.Known("Administration")
			}
			out.Hits = append(out.Hits, plug.Hit{Title: in.Known(g.title), Subline: sub, URL: g.url(), Icon: settingsIcon})
		}
	}
	out.Hits = append(out.Hits, f.settingsFor(in, words, may)...)
	out.Hits = out.Hits[:min(len(out.Hits), w.Limit)]
	return out, nil
}

// settingsFor finds settings on pages, by their names in the language of who asks, in
// English and as commands call them; the web client goes to them by app and name.
func (f finder) settingsFor(in *tongue.Tongue, words []string, may map[string]page) (out []plug.Hit) {
	add := func(on, app, name, text string) {
		key := app + "/" + name
		label := in.Known(names[key])
		if g, ok := may[on]; ok && has(strings.Join([]string{app, name, text, names[key], label}, " "), words) {
			out = append(out, plug.Hit{Title: cmp.Or(label, key), Subline: in.Known(g.title), URL: g.url() + "#" + app + "-" + name, Icon: settingsIcon})
		}
	}
	for room, list := range f.offered.All() {
		for _, s := range list {
			add(pageOf(room), s.App, s.Name, "")
		}
	}
	for _, s := range f.configured() {
		add("server", s.App, s.Name, s.Doc)
	}
	return out
}

// has tells whether a text has all words; an underline parts words too.
func has(text string, words []string) bool {
	text = strings.ToLower(text)
	text += " " + strings.ReplaceAll(text, "_", " ")
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}
