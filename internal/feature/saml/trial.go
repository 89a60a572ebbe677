package saml

import (
	"context"
	"strings"

	"github.com/beevik/etree"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/feature/saml/pasted"
)

// Trial is what a sign-in with an answer of a provider would come to.
type Trial struct {
	vouch.Prospect
	Attributes map[string][]string `json:"attributes"`       // what the provider says, by name
	Unread     []string            `json:"unread,omitempty"` // fields whose attributes cannot be read
	Doubt      tongue.Saying       `json:"doubt,omitzero"`   // why the answer would not be believed, its age and the browser that brings it aside
}

// Try tells what a sign-in with a pasted response or assertion, in XML or as the POST
// binding sends it, would come to. It writes nothing, and lets nobody in: whether the
// answer can be believed is told beside what it says.
func (rm *Room) Try(ctx context.Context, c *Config, text []byte) (*Trial, error) {
	if !strings.HasPrefix(strings.TrimSpace(string(text)), "<") {
		raw, err := posted(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "This is neither XML nor base64.")
		}
		text = raw
	}
	root, err := parse(text)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "This cannot be read: {why}.", "why", err.Error())
	}
	a, doubt, err := rm.weigh(ctx, c, root)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "This is no answer of a provider: {why}.", "why", err.Error())
	}
	return rm.foresee(ctx, c, a.attributes(), doubt)
}

// TryHeaders tells what a sign-in would come to by a proxy that sends these headers, each
// on a line as in "X-Remote-User: ada".
func (rm *Room) TryHeaders(ctx context.Context, c *Config, text string) (*Trial, error) {
	h, err := pasted.Headers(text)
	if err != nil {
		return nil, err
	}
	return rm.foresee(ctx, c, c.headers(h), c.doubts())
}

// foresee tells what attributes come to.
func (rm *Room) foresee(ctx context.Context, c *Config, all attributes, doubt error) (*Trial, error) {
	t := &Trial{Attributes: all}
	t.Doubt = fault.Told(doubt)
	o, err := c.outcome(all)
	if err != nil {
		return nil, err
	}
	rules, err := rm.rules(ctx)
	if err != nil {
		return nil, err
	}
	is, err := vouch.Foresee(ctx, rm.dir, o.login, o.claim, rules)
	if err != nil {
		return nil, err
	}
	t.Prospect, t.Unread = *is, o.unread
	if !o.refused.IsZero() {
		t.Refused = o.refused
	}
	return t, nil
}

// weigh reads the assertion of an answer, and what speaks against it at the time when
// it was written.
func (rm *Room) weigh(ctx context.Context, c *Config, root *etree.Element) (a *assertion, doubt, err error) {
	e, request := root, root.SelectAttrValue("InResponseTo", "")
	if is(root, protocolNS, "Response") {
		if e, err = c.assertionOf(root); err != nil {
			return nil, nil, err
		}
	}
	if a, err = c.said(e); err != nil {
		return nil, nil, err
	}
	want := expected{request: request, acs: rm.at(ctx, c) + "/acs", entity: rm.entity(ctx, c), now: a.IssueInstant}
	if !is(root, assertionNS, "Assertion") {
		_, doubt = c.open(root, want)
		return a, doubt, nil
	}
	if len(children(root, dsigNS, "Signature")) != 1 {
		return a, fault.New(fault.Denied, "It is not signed."), nil
	}
	_, doubt = c.signed(root, want.now)
	return a, doubt, nil
}
