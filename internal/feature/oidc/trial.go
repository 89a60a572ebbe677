package oidc

import (
	"context"
	"encoding/base64"
	"regexp"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity/vouch"
)

// Trial is what a sign-in with some claims would come to.
type Trial struct {
	vouch.Prospect
	Unread []string `json:"unread,omitempty"` // fields whose claims cannot be read
}

// Try tells what a sign-in with claims would come to. It writes nothing.
func (rm *Room) Try(ctx context.Context, p *Provider, c Claims) (*Trial, error) {
	o, err := p.read(c)
	if err != nil {
		return nil, err
	}
	rules, err := rm.rules(ctx)
	if err != nil {
		return nil, err
	}
	is, err := vouch.Foresee(ctx, rm.dir, o.Login, o.Claim, rules)
	if err != nil {
		return nil, err
	}
	if !o.Refused.IsZero() {
		is.Refused = o.Refused
	}
	return &Trial{*is, o.Unread}, nil
}

// compact is how a JSON Web Token is written: a header, a payload and a signature (RFC
// 7515, section 3.1).
var compact = regexp.MustCompile(`^eyJ[\w-]*\.([\w-]+)\.[\w-]*$`)

// pasted reads claims that somebody has pasted: a JSON object, or a token, whose
// signature nobody looks at as nobody comes in by it.
func pasted(text string) (Claims, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "Bearer ")
	token := compact.FindStringSubmatch(text)
	if token == nil {
		return parseClaims([]byte(text))
	}
	payload, err := base64.RawURLEncoding.DecodeString(token[1])
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The token cannot be read.")
	}
	return parseClaims(payload)
}
