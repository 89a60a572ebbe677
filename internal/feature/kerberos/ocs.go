package kerberos

import (
	"context"
	"encoding/base64"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// api plugs in what administrators and their scripts call, by the names of the
// commands. The settings are among those of the server.
func (rm *Room) api(m *ocs.Mux) {
	const root = "/apps/kerberos/api/v1/"
	ocs.Handle(m, "GET "+root+"test", web.Admin, rm.see)
	ocs.Handle(m, "POST "+root+"test", web.Admin, rm.test, web.PerMinute(30))
	ocs.Handle(m, "POST "+root+"keytab", web.Admin|web.Confirmed, rm.keep)
	ocs.Handle(m, "POST "+root+"link", web.Admin|web.Confirmed, rm.join)
}

// see answers GET …/test: how the way in stands. No other server is asked.
func (rm *Room) see(ctx context.Context, _ *ocs.Request) (any, error) { return rm.Check(ctx, false) }

// tested is a Check, and what somebody's sign-in would come to, if one was named.
type tested struct {
	*Check
	SignIn *vouch.Prospect `json:"signIn"`
}

// test answers POST …/test principal=alice@EXAMPLE.COM: the same with the clocks of
// the realms.
func (rm *Room) test(ctx context.Context, r *ocs.Request) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	if who := in.Get("principal"); who != "" {
		k, err := rm.Check(ctx, false)
		if err != nil {
			return nil, err
		}
		is, err := rm.Try(ctx, who)
		return tested{k, is}, err
	}
	k, err := rm.Check(ctx, true)
	return tested{k, nil}, err
}

// keep answers POST …/keytab keytab=, a file in base64, and answers as see does.
func (rm *Room) keep(ctx context.Context, r *ocs.Request) (any, error) {
	said, err := r.Param("keytab")
	if err != nil {
		return nil, err
	}
	text, err := base64.StdEncoding.DecodeString(said)
	if err != nil || len(text) > maxKeytab {
		return nil, fault.New(fault.Invalid, "This is no keytab, or it holds no key.")
	}
	if err := rm.Import(ctx, text); err != nil {
		return nil, err
	}
	return rm.Check(ctx, false)
}

// join answers POST …/link principal= user=.
func (rm *Room) join(ctx context.Context, r *ocs.Request) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	return struct{}{}, rm.Link(ctx, in.Get("principal"), in.Get("user"))
}
