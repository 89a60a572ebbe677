package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

const styleName = "profile.css"

// styleOf is the address of the style sheet, another one after each change.
func styleOf(assets fs.FS) (string, error) {
	b, err := fs.ReadFile(assets, styleName)
	sum := sha256.Sum256(b)
	return "/core/page/" + styleName + "?v=" + hex.EncodeToString(sum[:4]), err
}

// sheet is what the page shows.
type sheet struct {
	Style, Avatar, Name, ID, Pronouns string
	Headline, Work, Address, Bio      string
	State, StateName, Icon, Message   string // of the status; State "": none is told
	Clock                             string
	Links                             []link
	Own                               bool
	Files                             bool // the viewer has files to go back to
}

type link struct {
	Label, Text string
	To          template.URL // its scheme was checked by safe
}

// safe lets through what leads to a place, a mailbox or a phone, and runs nothing.
func safe(target string) template.URL {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
		if strings.HasPrefix(target, scheme) {
			return template.URL(target)
		}
	}
	return "#"
}

// labels name the ways to reach somebody.
func labels(id string) string {
	switch id {
	case "email":
		return "Mail"
	case "phone":
		return "Phone"
	case "website":
		return "Website"
	case "twitter":
		return "X"
	case "bluesky":
		return "Bluesky"
	}
	return "Fediverse"
}

// show is the page of a profile (30-core/103). Visitors who are not signed in are
// sent to the login unless somebody shows their name to everybody: they shall not
// learn who has an account.
func (rm *Room) show(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v, err := rm.find(ctx, web.Param(r, "user"))
	err = missing(v, err)
	known := err == nil && v.value("displayname") != ""
	switch {
	case err != nil && !errors.Is(err, fault.NotFound):
		return err
	case !known && who.From(ctx) == nil:
		return fault.New(fault.Anonymous, "Please log in to see profiles.")
	case err != nil:
		return fault.New(fault.NotFound, "There is no such profile, or it is not shown.")
	}
	s := sheet{Style: rm.style, Name: v.value("displayname"), ID: v.user.ID, Pronouns: v.value("pronouns"), Headline: v.value("headline"),
		Address: v.value("address"), Bio: v.value("biography"), Own: v.viewer != nil && v.viewer.ID == v.user.ID, Files: v.viewer != nil}
	if s.Name == "" {
		s.Name = v.user.ID
	}
	if v.sees("avatar") {
		s.Avatar = "/avatar/" + url.PathEscape(v.user.ID) + "/512"
	}
	s.Work = v.value("role")
	if org := v.value("organisation"); s.Work != "" && org != "" {
		s.Work += ", " + org
	} else if org != "" {
		s.Work = org
	}
	for _, a := range v.actions() {
		s.Links = append(s.Links, link{labels(a.id), a.short, safe(a.target)})
	}
	if v.viewer != nil {
		s.Clock = clock(rm.Now(), v.user, v.viewer)
		if err := rm.status(r, &s); err != nil {
			return err
		}
	}
	return rm.page.Render(w, r, http.StatusOK, s.Name, s)
}

// status fills in whether somebody is there.
func (rm *Room) status(r *http.Request, s *sheet) (err error) {
	if rm.Statuses == nil {
		return nil
	}
	if s.State, s.Icon, s.Message, err = rm.Statuses.Shown(r.Context(), s.ID); err != nil {
		return err
	}
	names := map[string]string{"online": "Online", "away": "Away", "busy": "Busy", "dnd": "Do not disturb", "offline": "Offline"}
	s.StateName = names[s.State]
	return nil
}
