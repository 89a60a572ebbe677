package push

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// preAuthFor is how long a token of pre_auth opens a socket.
const preAuthFor = 15 * time.Second

// preAuth is what the token says: which credential asked for it. The token is
// sealed and kept nowhere, so that it serves on every node. The socket ends with
// the credential.
type preAuth struct {
	UID, Login string
	Token      int64  `json:",omitempty"`
	Stamp      string `json:",omitempty"`
	Via        who.Via
	Until      int64 // ms since 1970
}

// belongs binds the token to its use.
const belongs = "push pre_auth"

// preAuth answers POST …/notify_push/pre_auth: a browser, which cannot tell a
// script its cookie, gets what opens a socket in its place.
func (rm *Room) preAuth(w http.ResponseWriter, r *http.Request) error {
	p := who.From(r.Context())
	said, err := json.Marshal(preAuth{p.ID, p.Login, p.TokenID, p.Stamp, p.Via, rm.Now().Add(preAuthFor).UnixMilli()})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, err = io.WriteString(w, rm.box.Seal(said, belongs))
	return err
}

var errNoToken = fault.New(fault.Anonymous, "The token is none, or too old.")

// byPreAuth finds out who got a token.
func (rm *Room) byPreAuth(ctx context.Context, token string) (*who.Principal, error) {
	raw, err := rm.box.Open(token, belongs)
	if err != nil {
		return nil, errNoToken
	}
	var a preAuth
	if err := json.Unmarshal(raw, &a); err != nil || rm.Now().UnixMilli() > a.Until {
		return nil, errNoToken
	}
	p := &who.Principal{ID: a.UID, Login: a.Login, TokenID: a.Token, Stamp: a.Stamp, Via: a.Via}
	if a.Token != 0 {
		t, err := rm.people.Token(ctx, a.UID, a.Token)
		if errors.Is(err, fault.NotFound) {
			return nil, errNoToken
		}
		if err != nil {
			return nil, err
		}
		p.Scope = t.Scope
	}
	if p.Groups, err = rm.people.GroupsOf(ctx, a.UID); err != nil {
		return nil, err
	}
	return p, rm.people.Still(ctx, p)
}
