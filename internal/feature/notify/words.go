package notify

import (
	"cmp"
	"maps"
	"net/url"
	"strings"
	"time"

	"atrium/internal/core/event"
)

// action is a button as clients see it.
type action struct {
	Label   string `json:"label"`
	Link    string `json:"link"`
	Type    string `json:"type"`
	Primary bool   `json:"primary"`
}

// heading is what both versions of the API tell of a notice.
type heading struct {
	ID         int64  `json:"notification_id"`
	App        string `json:"app"`
	User       string `json:"user"`
	At         string `json:"datetime"`
	ObjectType string `json:"object_type"`
	ObjectID   string `json:"object_id"`
	Subject    string `json:"subject"`
	Message    string `json:"message"`
	Link       string `json:"link"`
}

// shortItem is a notice as version 1 of the API has it (33-notify-activity/014).
type shortItem struct {
	heading
	Actions []action `json:"actions"`
}

// fullItem is a notice as version 2 has it (33-notify-activity/011).
type fullItem struct {
	heading
	SubjectRich   string                      `json:"subjectRich"`
	SubjectParams map[string]event.RichObject `json:"subjectRichParameters"`
	MessageRich   string                      `json:"messageRich"`
	MessageParams map[string]event.RichObject `json:"messageRichParameters"`
	Icon          string                      `json:"icon"`
	ShouldNotify  bool                        `json:"shouldNotify"`
	Actions       []action                    `json:"actions"`
}

func (f fullItem) short() shortItem { return shortItem{f.heading, f.Actions} }

// show writes a notice for a reader. base is the address that clients reach us at.
func (n item) show(r reader, base string) fullItem {
	params := map[string]event.RichObject{}
	for name, o := range n.Params {
		o = maps.Clone(o)
		if o["link"] != "" {
			o["link"] = absolute(base, o["link"])
		}
		params[name] = o
	}
	subject, message := n.Subject.In(r.tongue), n.Message.In(r.tongue)
	out := fullItem{heading: heading{ID: n.id, App: n.App, User: r.uid, At: n.at.UTC().Format("2006-01-02T15:04:05+00:00"),
		ObjectType: n.Type, ObjectID: n.Object, Subject: event.Plain(subject, params), Message: event.Plain(message, params),
		Link: absolute(base, n.Link)},
		SubjectRich: subject, SubjectParams: event.Used(subject, params), MessageRich: message, MessageParams: event.Used(message, params),
		Icon: absolute(base, cmp.Or(n.Icon, imgPath+"notifications-dark.svg")), ShouldNotify: true, Actions: []action{}}
	if n.plain {
		out.SubjectRich = ""
	}
	for _, a := range n.Actions {
		out.Actions = append(out.Actions, action{a.Label.In(r.tongue), absolute(base, a.Link), a.Method, a.Primary})
	}
	return out
}

// absolute makes a path of ours an address.
func absolute(base, path string) string {
	if path == "" || !strings.HasPrefix(path, "/") {
		return path
	}
	return base + path
}

// accountWords say what happened to an account.
var accountWords = map[string]event.Words{
	event.SignedInNewPlace: event.Say("Your account was signed in to from a new place"),
	event.PasswordSet:      event.Say("An administrator gave your account a new password"),
	event.SecondFactorOff:  event.Say("A second factor of your account was removed by an administrator"),
	event.AppPasswordMade:  event.Say("An administrator made the app password {detail} for your account"),
	event.MadeAdmin:        event.Say("You are an administrator now"),
	event.AdminNoMore:      event.Say("You are no administrator any more"),
}

// stamp is a time as clients read it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// safePath tells whether a link of an administrator leads to a place of ours or to
// a page of the web.
func safePath(link string) bool {
	if strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//") {
		return true
	}
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
