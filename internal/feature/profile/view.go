package profile

import (
	"context"
	"errors"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	fields "atrium/internal/core/identity/profile"
	"atrium/internal/infra/db"
)

// Whether a field stands on the page, by the words of the API.
const (
	show      = "show"
	showUsers = "show_users_only" // to those who are signed in
	hide      = "hide"
)

// usual is where a field stands as long as its owner has not said otherwise, ""
// for what is no field of a page.
func usual(param string) string {
	switch param {
	case "avatar", "biography", "bluesky", "displayname", "fediverse", "headline", "organisation", "role", "twitter", "website":
		return show
	case "address", "birthdate", "email", "phone", "pronouns":
		return showUsers
	}
	return ""
}

// view is a profile as somebody sees it.
type view struct {
	user   *identity.User
	fields fields.Profile
	said   map[string]string // visibility by field, where the owner has said one
	viewer *identity.User    // nil: nobody is signed in
}

// sees tells whether the viewer may know a field. Owners see what the others of
// this server do.
func (v *view) sees(name string) bool {
	visibility := v.said[name]
	if visibility == "" {
		visibility = usual(name)
	}
	scope := v.fields.Get(name).Scope
	if v.viewer == nil {
		return visibility == show && scope == fields.Published
	}
	return visibility != hide && visibility != "" && scope != fields.Private && scope != ""
}

// value is what a field says to the viewer, "" for what is not for them.
func (v *view) value(name string) string {
	if !v.sees(name) {
		return ""
	}
	return strings.TrimSpace(v.fields.Get(name).Value)
}

// enabled tells whether there is a page.
func (v *view) enabled() bool { return v.fields.Get("profile_enabled").Value != "0" }

// find reads the profile of an account for the caller. An account that may not
// sign in has none.
func (rm *Room) find(ctx context.Context, uid string) (*view, error) {
	u, err := rm.dir.User(ctx, uid)
	if err != nil {
		return nil, err
	}
	if !u.Enabled {
		return nil, fault.NotFound
	}
	v := &view{user: u, said: map[string]string{}}
	if v.fields, err = rm.dir.Profile(ctx, u); err != nil {
		return nil, err
	}
	rows := db.All(ctx, rm.db, func(r db.Row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		"SELECT param, visibility FROM profile_visibility WHERE uid = ?", u.ID)
	for p, err := range rows {
		if err != nil {
			return nil, err
		}
		v.said[p[0]] = p[1]
	}
	if p := who.From(ctx); p != nil {
		v.viewer, err = rm.dir.User(ctx, p.ID)
	}
	return v, err
}

// zone is where an account's clock stands, UTC when it does not say.
func zone(u *identity.User) *time.Location {
	if z, err := time.LoadLocation(u.Timezone); err == nil && u.Timezone != "Local" {
		return z
	}
	return time.UTC
}

// action is something that can be done with somebody: a way to reach them.
type action struct {
	id, icon, title, short, target string
}

// actions are the ways to reach somebody that the viewer may know.
func (v *view) actions() (out []action) {
	add := func(name, icon string, f func(value string) (title, target string)) {
		if value := v.value(name); value != "" {
			title, target := f(value)
			out = append(out, action{name, icon, title, value, target})
		}
	}
	add("email", "mail", func(s string) (string, string) { return "Mail " + s, "mailto:" + s })
	add("phone", "phone", func(s string) (string, string) { return "Call " + s, "tel:" + s })
	add("website", "timezone", func(s string) (string, string) { return "Visit " + s, s })
	add("twitter", "twitter", func(s string) (string, string) { return "View @" + s + " on X", "https://x.com/" + s })
	add("bluesky", "bluesky", func(s string) (string, string) { return "View @" + s + " on Bluesky", "https://bsky.app/profile/" + s })
	add("fediverse", "mastodon", func(s string) (string, string) {
		name, host, _ := strings.Cut(s, "@")
		return "View @" + s + " on the fediverse", "https://" + host + "/@" + name
	})
	return out
}

// icons are the pictures of actions.
func icons() []string {
	return []string{"profile.svg", "recent.svg", "mail.svg", "phone.svg", "timezone.svg", "twitter.svg", "bluesky.svg", "mastodon.svg"}
}

// setVisible keeps whether a field stands on the page.
func (rm *Room) setVisible(ctx context.Context, uid, param, visibility string) error {
	_, err := rm.db.Exec(ctx, "INSERT INTO profile_visibility (uid, param, visibility) VALUES (?, ?, ?) {{on uid,param set visibility}}",
		uid, param, visibility)
	return err
}

// missing turns an account that is not there, or has no page, into NotFound.
func missing(v *view, err error) error {
	if err == nil && !v.enabled() || errors.Is(err, fault.NotFound) {
		return fault.NotFound
	}
	return err
}
