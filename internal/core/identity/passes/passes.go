// Package passes makes tokens that stand for a credential for a short while: for a
// socket that a browser opens, or for a player that streams a film. A pass is sealed
// and kept nowhere, so that it serves on every node, and it ends with the credential
// that it was made for. It does not know what it opens.
package passes

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/seal"
)

// pass is what a token says.
type pass struct {
	UID, Login string
	Token      int64  `json:",omitempty"`
	Stamp      string `json:",omitempty"`
	Via        who.Via
	Thing      int64 `json:",omitempty"`
	Until      int64 // ms since 1970
}

// Office makes and takes passes for one use.
type Office struct {
	Use string // passes for one use open no other
	Now func() time.Time

	People *identity.Directory
	Box    *seal.Box
}

// ErrNone says that a token is none, too old, or of a credential that has ended.
var ErrNone = fault.New(fault.Anonymous, "The token is none, or too old.")

// Make gives a pass for somebody that lasts d. thing is what it is for, as far as
// the use needs it.
func (o *Office) Make(p *who.Principal, thing int64, d time.Duration) (string, error) {
	said, err := json.Marshal(pass{p.ID, p.Login, p.TokenID, p.Stamp, p.Via, thing, o.Now().Add(d).UnixMilli()})
	return o.Box.Seal(said, o.Use), err
}

// Take tells whom a pass was made for, with the scope and the groups that they have
// by now, and what for; fault.Anonymous.
func (o *Office) Take(ctx context.Context, token string) (*who.Principal, int64, error) {
	raw, err := o.Box.Open(token, o.Use)
	if err != nil {
		return nil, 0, ErrNone
	}
	var a pass
	if err := json.Unmarshal(raw, &a); err != nil || o.Now().UnixMilli() > a.Until {
		return nil, 0, ErrNone
	}
	p := &who.Principal{ID: a.UID, Login: a.Login, TokenID: a.Token, Stamp: a.Stamp, Via: a.Via}
	if a.Token != 0 {
		t, err := o.People.Token(ctx, a.UID, a.Token)
		if errors.Is(err, fault.NotFound) {
			return nil, 0, ErrNone
		}
		if err != nil {
			return nil, 0, err
		}
		p.Scope = t.Scope
	}
	if p.Groups, err = o.People.GroupsOf(ctx, a.UID); err != nil {
		return nil, 0, err
	}
	return p, a.Thing, o.People.Still(ctx, p)
}
