package profile

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// record is a profile as clients get it (30-core/098).
type record struct {
	UID          string         `json:"userId"`
	Address      *string        `json:"address"`
	Avatar       bool           `json:"isUserAvatarVisible"`
	Biography    *string        `json:"biography"`
	Display      *string        `json:"displayname"`
	Headline     *string        `json:"headline"`
	Organisation *string        `json:"organisation"`
	Role         *string        `json:"role"`
	Pronouns     *string        `json:"pronouns"`
	Actions      []recordAction `json:"actions"`
	Zone         string         `json:"timezone"`
	Offset       int            `json:"timezoneOffset"` // seconds east of UTC
}

type recordAction struct {
	ID     string `json:"id"`
	Icon   string `json:"icon"`
	Title  string `json:"title"`
	Target string `json:"target"`
}

// get answers what the caller may know of somebody (30-core/098, 099).
func (rm *Room) get(ctx context.Context, r *ocs.Request) (any, error) {
	v, err := rm.find(ctx, r.Path("user"))
	switch err = missing(v, err); {
	case errors.Is(err, fault.NotFound):
		return nil, &ocs.Failure{Code: http.StatusNotFound, Data: (*record)(nil)}
	case err != nil:
		return nil, err
	}
	field := func(name string) *string {
		if s := v.value(name); s != "" {
			return &s
		}
		return nil
	}
	z := zone(v.user)
	_, offset := rm.Now().In(z).Zone()
	out := record{UID: v.user.ID, Address: field("address"), Avatar: v.sees("avatar"), Biography: field("biography"), Display: field("displayname"),
		Headline: field("headline"), Organisation: field("organisation"), Role: field("role"), Pronouns: field("pronouns"),
		Actions: []recordAction{}, Zone: z.String(), Offset: offset}
	for _, a := range v.actions() {
		out.Actions = append(out.Actions, recordAction{a.id, iconAt(ctx, a.icon), a.title, a.target})
	}
	return out, nil
}

func iconAt(ctx context.Context, name string) string {
	return web.VisitOf(ctx).Base() + "/core/img/actions/" + name + ".svg"
}

// setVisibility takes whether a field stands on the caller's page (30-core/100 to
// 102).
func (rm *Room) setVisibility(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	param, visibility := p.Get("paramId"), p.Get("visibility")
	switch {
	case r.Path("user") != r.Caller().ID:
		return nil, fault.New(fault.Denied, "People can only edit their own visibility settings")
	case usual(param) == "":
		return nil, fault.New(fault.Invalid, "Account does not have a profile parameter with ID: {id}", "id", clip(param))
	case visibility != show && visibility != showUsers && visibility != hide:
		return nil, fault.New(fault.Invalid, "The visibility must be show, show_users_only or hide.")
	}
	return nil, rm.setVisible(ctx, r.Caller().ID, param, visibility)
}

// clip bounds what a message repeats.
func clip(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.ToValidUTF8(s, "")
}

type cardAction struct {
	Title string `json:"title"`
	Icon  string `json:"icon"`
	Link  string `json:"hyperlink"`
	App   string `json:"appId"`
}

// hovercard is the little card over a name (30-core/094 to 096).
func (rm *Room) hovercard(ctx context.Context, r *ocs.Request) (any, error) {
	v, err := rm.find(ctx, r.Path("id"))
	if errors.Is(err, fault.NotFound) {
		return nil, fault.NotFound
	}
	if err != nil {
		return nil, err
	}
	actions := []cardAction{}
	if v.enabled() {
		actions = append(actions, cardAction{"View profile", iconAt(ctx, "profile"), web.VisitOf(ctx).Base() + "/u/" + url.PathEscape(v.user.ID), "profile"})
	}
	actions = append(actions, cardAction{clock(rm.Now(), v.user, v.viewer), iconAt(ctx, "recent"), "#", "timezone"})
	if mail := v.value("email"); mail != "" {
		actions = append(actions, cardAction{mail, iconAt(ctx, "mail"), "mailto:" + mail, "email"})
	}
	return struct {
		UID     string       `json:"userId"`
		Display string       `json:"displayName"`
		Actions []cardAction `json:"actions"`
	}{v.user.ID, v.user.Display, actions}, nil
}

// clock tells the time where somebody is, and how far that is from the viewer's:
// "2:30 AM • 1h behind".
func clock(now time.Time, of, viewer *identity.User) string {
	there, here := now.In(zone(of)), now.In(zone(viewer))
	_, a := there.Zone()
	_, b := here.Zone()
	distance := "same time"
	if d := (a - b) / 60; d != 0 {
		word := "ahead"
		if d < 0 {
			d, word = -d, "behind"
		}
		distance = fmt.Sprintf("%dh%02dm %s", d/60, d%60, word)
		if d%60 == 0 {
			distance = fmt.Sprintf("%dh %s", d/60, word)
		} else if d < 60 {
			distance = fmt.Sprintf("%dm %s", d, word)
		}
	}
	return there.Format(timeFormat(viewer)) + " • " + distance
}

// timeFormat is how the viewer writes the time.
func timeFormat(u *identity.User) string {
	of := u.Locale
	if of == "" {
		of = u.Language
	}
	switch of {
	case "", "en", "en_US", "en_AU", "en_CA", "en_NZ", "en_PH", "en_IN":
		return "3:04\u202fPM"
	}
	return "15:04"
}
