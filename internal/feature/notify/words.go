package notify

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
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
	subject, message := words(n.Subject, r.lang), words(n.Message, r.lang)
	out := fullItem{heading: heading{ID: n.id, App: n.App, User: r.uid, At: n.at.UTC().Format("2006-01-02T15:04:05+00:00"),
		ObjectType: n.Type, ObjectID: n.Object, Subject: plain(subject, params), Message: plain(message, params),
		Link: absolute(base, n.Link)},
		SubjectRich: subject, SubjectParams: used(subject, params), MessageRich: message, MessageParams: used(message, params),
		Icon: absolute(base, cmp.Or(n.Icon, imgPath+"notifications-dark.svg")), ShouldNotify: true, Actions: []action{}}
	if n.plain {
		out.SubjectRich = ""
	}
	for _, a := range n.Actions {
		out.Actions = append(out.Actions, action{words(a.Label, r.lang), absolute(base, a.Link), a.Method, a.Primary})
	}
	return out
}

// words are a text in a language, else in English.
func words(w event.Words, lang string) string {
	lang, _, _ = strings.Cut(strings.ReplaceAll(lang, "-", "_"), "_")
	if text, ok := w[lang]; ok {
		return text
	}
	return w["en"]
}

// absolute makes a path of ours an address.
func absolute(base, path string) string {
	if path == "" || !strings.HasPrefix(path, "/") {
		return path
	}
	return base + path
}

// plain puts the names of the parameters in their places: people with an @, files
// as they are called.
func plain(text string, params map[string]event.RichObject) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		o := params[name]
		value := o["name"]
		switch o["type"] {
		case "user":
			value = "@" + value
		case "file":
			value = cmp.Or(o["path"], value)
		}
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// used leaves the parameters that a text names.
func used(text string, params map[string]event.RichObject) map[string]event.RichObject {
	out := map[string]event.RichObject{}
	for name, o := range params {
		if strings.Contains(text, "{"+name+"}") {
			out[name] = o
		}
	}
	return out
}

// accountWords say what happened to an account.
var accountWords = map[string]event.Words{
	event.SignedInNewPlace: {"en": "Your account was signed in to from a new place", "de": "Dein Konto wurde von einem neuen Ort aus angemeldet"},
	event.PasswordSet:      {"en": "An administrator gave your account a new password", "de": "Dein Konto hat von der Administration ein neues Passwort bekommen"},
	event.SecondFactorOff:  {"en": "A second factor of your account was removed by an administrator", "de": "Die Administration hat einen zweiten Faktor deines Kontos entfernt"},
	event.AppPasswordMade:  {"en": "An administrator made the app password {detail} for your account", "de": "Die Administration hat für dein Konto das App-Passwort {detail} angelegt"},
	event.MadeAdmin:        {"en": "You are an administrator now", "de": "Du gehörst jetzt zur Administration"},
	event.AdminNoMore:      {"en": "You are no administrator any more", "de": "Du gehörst nicht mehr zur Administration"},
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
