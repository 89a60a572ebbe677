package saml

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/proto/web"
)

// origin is what a provider needs to hear of a session that ends here.
type origin struct {
	Name  nameID
	Index string
}

// note keeps where a session came from. A provider that names nobody cannot be told of
// its end, nor tell us.
func (rm *Room) note(ctx context.Context, c *Config, a *assertion, s vouch.Session) error {
	if a.Subject.NameID == nil {
		return nil
	}
	o := origin{Name: *a.Subject.NameID, Index: a.Authn[0].SessionIndex}
	said, err := json.Marshal(o)
	if err != nil {
		return err
	}
	s.Provider, s.Subject, s.SID, s.Note = c.ID, o.Name.Value, o.sid(o.Index), string(said)
	return rm.sessions.Keep(ctx, s)
}

// sid names a session at a provider. An index alone may be another person's too (SAML
// core, section 2.7.2).
func (o origin) sid(index string) string {
	if index == "" {
		return ""
	}
	return o.Name.Value + "\n" + index
}

// Renewed keeps track of a session that has taken the place of another.
func (rm *Room) Renewed(ctx context.Context, was, is int64) error {
	return rm.sessions.Renewed(ctx, was, is)
}

// Leaving tells where a session that its owner ends here ends too, "" for nowhere.
func (rm *Room) Leaving(ctx context.Context, p *who.Principal) (string, error) {
	return rm.sessions.Leave(ctx, p.TokenID, rm.Log, rm.endAt)
}

// endAt is the address at which a session ends at its provider, "" when it has none.
func (rm *Room) endAt(ctx context.Context, s *vouch.Session) (string, error) {
	c, err := rm.Config(ctx, s.Provider)
	if err != nil || c.get("idp-singleLogoutService.url") == "" {
		return "", err
	}
	var o origin
	if err := json.Unmarshal([]byte(s.Note), &o); err != nil {
		return "", err
	}
	to := c.get("idp-singleLogoutService.url")
	ask := &saml.LogoutRequest{ID: newID(), Version: "2.0", IssueInstant: rm.Now().UTC(), Destination: to, Issuer: rm.issuer(ctx, c),
		NameID: &saml.NameID{Value: o.Name.Value, Format: o.Name.Format, NameQualifier: o.Name.NameQualifier, SPNameQualifier: o.Name.SPNameQualifier}}
	if o.Index != "" {
		ask.SessionIndex = &saml.SessionIndex{Value: o.Index}
	}
	return c.redirect(ask.Element(), sending{kind: "SAMLRequest", to: to, sign: c.on("security-logoutRequestSigned")})
}

// sls answers GET /sls: a message of the provider about a logout, or, with none, the
// address that our own logout has for those who came by a provider.
func (rm *Room) sls(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	switch {
	case q.Has("SAMLRequest"):
		text, err := inflated(q.Get("SAMLRequest"))
		return rm.hear(w, r, told{text, err, q.Get("RelayState"), r.URL.RawQuery})
	case q.Has("SAMLResponse"): // the session here has ended before the provider was asked
		web.Redirect(w, r, "/login?clear=1")
		return nil
	}
	to := "/login?clear=1"
	if p := who.From(r.Context()); p != nil && p.Via == who.ViaSession {
		to = strings.TrimSuffix("/logout?"+r.URL.RawQuery, "?")
	}
	web.Redirect(w, r, to)
	return nil
}

// slsPosted answers POST /sls: the same messages in the POST binding.
func (rm *Room) slsPosted(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return rm.refuse(w, r, fault.Wrap(fault.Invalid, err, "The request cannot be read."))
	}
	if !r.PostForm.Has("SAMLRequest") {
		web.Redirect(w, r, "/login?clear=1")
		return nil
	}
	text, err := posted(r.PostForm.Get("SAMLRequest"))
	return rm.hear(w, r, told{text, err, r.PostForm.Get("RelayState"), ""})
}

// told is what a provider says of a logout.
type told struct {
	text  []byte
	err   error  // why it cannot be read
	state string // RelayState
	query string // the raw query, which is signed; "": the message itself is
}

// hear ends the sessions that a provider names, and answers it.
func (rm *Room) hear(w http.ResponseWriter, r *http.Request, t told) error {
	to, err := rm.obey(r.Context(), t)
	if err != nil {
		return rm.refuse(w, r, err)
	}
	web.Redirect(w, r, to)
	return nil
}

func (rm *Room) obey(ctx context.Context, t told) (to string, err error) {
	if t.err != nil {
		return "", lies(t.err)
	}
	root, err := parse(t.text)
	if err != nil {
		return "", lies(err)
	}
	c, err := rm.sender(ctx, root)
	if err != nil {
		return "", err
	}
	l, err := c.logout(root, t.query, expected{acs: rm.at(ctx, c) + "/sls", now: rm.Now()})
	if err != nil {
		return "", lies(err)
	}
	o := origin{Name: *l.NameID}
	if len(l.SessionIndex) == 0 {
		err = rm.sessions.End(ctx, c.ID, o.Name.Value, "")
	}
	for _, index := range l.SessionIndex {
		err = errors.Join(err, rm.sessions.End(ctx, c.ID, o.Name.Value, o.sid(index)))
	}
	if err != nil {
		return "", err
	}
	return rm.done(ctx, c, l.ID, t.state)
}

// sender is the provider that a message says to come from; its signature will tell.
func (rm *Room) sender(ctx context.Context, root *etree.Element) (*Config, error) {
	var name string
	for _, e := range children(root, assertionNS, "Issuer") {
		name = strings.TrimSpace(e.Text())
	}
	all, err := rm.complete(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.get("idp-entityId") == name {
			return c, nil
		}
	}
	return nil, lies(fmt.Errorf("nobody knows a provider %q", name))
}

// logout reads a request to end sessions, which has to be signed.
func (c *Config) logout(root *etree.Element, query string, want expected) (*logoutRequest, error) {
	var err error
	switch {
	case !is(root, protocolNS, "LogoutRequest"):
		return nil, errors.New("the message is no request to log out")
	case query != "":
		err = c.querySigned(query, "SAMLRequest")
	case len(children(root, dsigNS, "Signature")) != 1:
		err = errors.New("the message is not signed")
	default:
		root, err = c.signed(root, want.now)
	}
	if err != nil {
		return nil, err
	}
	if err := c.reveal(root); err != nil {
		return nil, err
	}
	var l logoutRequest
	if err := read(root, &l); err != nil {
		return nil, err
	}
	switch {
	case l.Version != "2.0" || l.ID == "" || strings.TrimSpace(l.Issuer) != c.get("idp-entityId"):
		return nil, errors.New("the message comes from elsewhere")
	case l.Destination != want.acs:
		return nil, fmt.Errorf("the message is meant for %q", l.Destination)
	case l.NameID == nil || l.NameID.Value == "":
		return nil, errors.New("the message names nobody")
	}
	if err := current(want.now, time.Time{}, late(l.NotOnOrAfter)); err != nil {
		return nil, err
	}
	return &l, current(want.now, early(l.IssueInstant), l.IssueInstant.Add(maxAge))
}

// done is the address that tells a provider that the sessions have ended.
func (rm *Room) done(ctx context.Context, c *Config, request, state string) (string, error) {
	to := c.get("idp-singleLogoutService.responseUrl")
	if to == "" {
		to = c.get("idp-singleLogoutService.url")
	}
	if to == "" {
		return "/login?clear=1", nil
	}
	say := &saml.LogoutResponse{ID: newID(), InResponseTo: request, Version: "2.0", IssueInstant: rm.Now().UTC(), Destination: to,
		Issuer: rm.issuer(ctx, c), Status: saml.Status{StatusCode: saml.StatusCode{Value: saml.StatusSuccess}}}
	return c.redirect(say.Element(), sending{kind: "SAMLResponse", to: to, state: state, sign: c.on("security-logoutResponseSigned")})
}
