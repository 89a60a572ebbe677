package twofactor

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/proto/web"
)

// The pages between the password and the session. Their addresses are Nextcloud's.
const (
	choosePage    = "/login/selectchallenge"
	challengePage = "/login/challenge/"
	setupPage     = "/login/setupchallenge"
	ownPage       = "/settings/user/security"
)

// way is a link to a page for one provider.
type way struct{ Name, To string }

type chooseView struct {
	Heading, Text string
	Ways          []way
	Lost          bool
}

type askView struct {
	Name, Invite, Notice, Action, Redirect, Others, Script, Style string
	Digits                                                        int
	Options, Ticket                                               string
	Secret                                                        string
	Link, QR                                                      template.URL // made by us
}

// visitor is the browser of somebody who has shown the password only.
type visitor struct {
	half *identity.Token
	by   Caller
	to   string // where they wanted to go; checked at the end
}

// visitor finds out who is asked. When it is nobody, the browser was sent to log
// in and ok is false.
func (rm *Room) visitor(w http.ResponseWriter, r *http.Request) (v visitor, ok bool, err error) {
	if err := r.ParseForm(); err != nil {
		return v, false, unreadable(err)
	}
	v.to = r.Form.Get("redirect_url")
	v.half, err = rm.in.Half(r)
	if errors.Is(err, fault.Anonymous) {
		web.Redirect(w, r, with("/login?error=late", v.to))
		return v, false, nil
	}
	if err != nil {
		return v, false, err
	}
	v.by = Caller{UID: v.half.UID, Base: web.VisitOf(r.Context()).Base()}
	return v, true, nil
}

func unreadable(err error) error {
	if _, ok := errors.AsType[*fault.Fault](err); ok {
		return err
	}
	return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
}

// with adds where somebody wanted to go to an address of ours.
func with(page, to string) string {
	if to == "" {
		return page
	}
	sep := "?"
	if u, err := url.Parse(page); err == nil && u.RawQuery != "" {
		sep = "&"
	}
	return page + sep + "redirect_url=" + url.QueryEscape(to)
}

// stage tells what an account can be asked for, and whether it has to set
// something up first. Whom an administrator made a code for uses that.
func (rm *Room) stage(ctx context.Context, uid string) (ways []Provider, setup bool, err error) {
	have, err := rm.state(ctx, uid)
	if err != nil {
		return nil, false, err
	}
	for _, p := range rm.providers {
		if have[p.About().ID] {
			ways = append(ways, p)
		}
	}
	return ways, len(ways) == 0, nil
}

// choose answers GET /login/selectchallenge: which factor to show. Who has one
// goes on at once.
func (rm *Room) choose(w http.ResponseWriter, r *http.Request) error {
	v, ok, err := rm.visitor(w, r)
	if !ok || err != nil {
		return err
	}
	ways, setup, err := rm.stage(r.Context(), v.by.UID)
	if err != nil {
		return err
	}
	if setup {
		web.Redirect(w, r, with(setupPage, v.to))
		return nil
	}
	rescue := func(p Provider) bool { return p.About().Rescue }
	first := slices.DeleteFunc(slices.Clone(ways), rescue)
	if len(first) == 0 {
		first = ways
	}
	if len(first) == 1 && r.Form.Get("all") == "" {
		web.Redirect(w, r, with(challengePage+first[0].About().ID, v.to))
		return nil
	}
	view := chooseView{Heading: "Second step", Text: "Your account is protected by a second factor. Which one do you want to use?",
		Lost: !slices.ContainsFunc(ways, rescue)}
	for _, p := range ways {
		view.Ways = append(view.Ways, way{p.About().Name, with(challengePage+p.About().ID, v.to)})
	}
	return rm.pages["choose"].Render(w, r, http.StatusOK, web.Tongue(r).Known(view.Heading), view)
}

// way finds the provider of a challenge page. When the account has no such factor,
// the browser was sent to choose another one and ok is false.
func (rm *Room) way(w http.ResponseWriter, r *http.Request, v visitor) (p Provider, ok bool, err error) {
	p, err = rm.provider(web.Param(r, "provider"))
	if err != nil {
		return nil, false, err
	}
	has, err := p.Has(r.Context(), v.by.UID)
	if err == nil && !has {
		web.Redirect(w, r, with(choosePage, v.to))
	}
	return p, has, err
}

var notices = map[string]string{
	"wrong": "This code is not right, or was used already.", "key": "This key was not accepted.",
	"busy": "Too many wrong codes. Please wait a while, or use another way.",
}

// challenge answers GET /login/challenge/{provider}.
func (rm *Room) challenge(w http.ResponseWriter, r *http.Request) error {
	v, ok, err := rm.visitor(w, r)
	if !ok || err != nil {
		return err
	}
	p, ok, err := rm.way(w, r, v)
	if !ok || err != nil {
		return err
	}
	q, err := p.Ask(r.Context(), v.by)
	if errors.Is(err, fault.NotFound) {
		web.Redirect(w, r, with(choosePage+"?all=1", v.to))
		return nil
	}
	if err != nil {
		return err
	}
	ways, _, err := rm.stage(r.Context(), v.by.UID)
	if err != nil {
		return err
	}
	about := p.About()
	view := rm.view(about, q, v, challengePage+about.ID, r.Form.Get("error"))
	if len(ways) > 1 {
		view.Others = with(choosePage+"?all=1", v.to)
	}
	return rm.pages["challenge"].Render(w, r, http.StatusOK, web.Tongue(r).Known(about.Name), view)
}

func (rm *Room) view(about About, q Question, v visitor, action, trouble string) askView {
	return askView{Name: about.Name, Invite: about.Invite, Notice: notices[trouble], Action: action, Redirect: v.to, Script: rm.script, Style: rm.style,
		Digits: q.Digits, Options: string(q.Options), Ticket: q.Ticket, Secret: q.Secret, Link: template.URL(q.Link),
		QR: template.URL(dataURL(q.QR))}
}

// answer answers POST /login/challenge/{provider}: challenge, redirect_url. A wrong
// answer leads back to the page.
func (rm *Room) answer(w http.ResponseWriter, r *http.Request) error {
	v, ok, err := rm.visitor(w, r)
	if !ok || err != nil {
		return err
	}
	p, ok, err := rm.way(w, r, v)
	if !ok || err != nil {
		return err
	}
	err = rm.check(r.Context(), p, v.by, r.PostForm.Get("challenge"))
	if back := trouble(p, err); back != "" {
		web.Redirect(w, r, with(challengePage+p.About().ID+"?error="+back, v.to))
		return nil
	}
	if err != nil {
		return err
	}
	has, err := rm.has(r.Context(), v.by.UID)
	if err != nil {
		return err
	}
	to := rm.in.Land(v.to)
	if !has { // let in by a code of the administrator: time to set something up
		to = ownPage
	}
	return rm.letIn(w, r, v, func() error {
		web.Redirect(w, r, to)
		return nil
	})
}

// trouble is what to tell on the page of a wrong answer; "": it was none.
func trouble(p Provider, err error) string {
	switch {
	case errors.Is(err, fault.Busy):
		return "busy"
	case errors.Is(err, fault.Denied) && p.About().Typed:
		return "wrong"
	case errors.Is(err, fault.Denied):
		return "key"
	}
	return ""
}

// letIn opens the session of somebody who has shown both factors.
func (rm *Room) letIn(w http.ResponseWriter, r *http.Request, v visitor, then func() error) error {
	token, err := rm.in.Finish(w, r, v.half)
	if errors.Is(err, fault.NotFound) { // another request with the same half session was faster
		web.Redirect(w, r, with("/login?error=late", v.to))
		return nil
	}
	if err != nil {
		return err
	}
	if err := rm.pass(r.Context(), v.by.UID, token); err != nil {
		return err
	}
	return then()
}

// learner finds the provider of a page that sets one up. Who has a factor, or a way
// in by a code, is sent to show it.
func (rm *Room) learner(w http.ResponseWriter, r *http.Request, v visitor) (l Learner, ok bool, err error) {
	_, setup, err := rm.stage(r.Context(), v.by.UID)
	if err != nil {
		return nil, false, err
	}
	if !setup {
		web.Redirect(w, r, with(choosePage, v.to))
		return nil, false, nil
	}
	id := web.Param(r, "provider")
	for _, l := range rm.learners() {
		if l.About().ID == id {
			return l, true, nil
		}
	}
	if id != "" {
		return nil, false, fault.New(fault.NotFound, "There is no such second factor.")
	}
	view := chooseView{Heading: "Protect your account", Text: "Your administrator asks for a second factor. Set one up to log in."}
	for _, l := range rm.learners() {
		view.Ways = append(view.Ways, way{l.About().Name, with(setupPage+"/"+l.About().ID, v.to)})
	}
	return nil, false, rm.pages["choose"].Render(w, r, http.StatusOK, web.Tongue(r).Known(view.Heading), view)
}

// setUp answers GET /login/setupchallenge and /login/setupchallenge/{provider}: for
// people who must show a second factor and have none.
func (rm *Room) setUp(w http.ResponseWriter, r *http.Request) error {
	v, ok, err := rm.visitor(w, r)
	if !ok || err != nil {
		return err
	}
	l, ok, err := rm.learner(w, r, v)
	if !ok || err != nil {
		return err
	}
	q, err := l.Offer(r.Context(), v.by)
	if err != nil {
		return err
	}
	view := rm.view(l.About(), q, v, setupPage+"/"+l.About().ID, r.Form.Get("error"))
	view.Others = with(setupPage, v.to)
	return rm.pages["setup"].Render(w, r, http.StatusOK, web.Tongue(r).Known(l.About().Name), view)
}

// learn answers POST /login/setupchallenge/{provider}: the factor is set up, the
// session opens, and the backup codes are shown.
func (rm *Room) learn(w http.ResponseWriter, r *http.Request) error {
	v, ok, err := rm.visitor(w, r)
	if !ok || err != nil {
		return err
	}
	l, ok, err := rm.learner(w, r, v)
	if !ok || err != nil {
		return err
	}
	err = l.Learn(r.Context(), v.by, r.PostForm.Get("challenge"))
	if back := trouble(l, err); back != "" {
		web.Redirect(w, r, with(setupPage+"/"+l.About().ID+"?error="+back, v.to))
		return nil
	}
	if err != nil {
		return err
	}
	return rm.letIn(w, r, v, func() error {
		made, err := codes{rm, backup}.make(r.Context(), v.by.UID)
		if err != nil {
			return err
		}
		return rm.pages["codes"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Keep these codes"), map[string]any{"Codes": grouped(made), "Style": rm.style, "To": rm.in.Land(v.to)})
	})
}
