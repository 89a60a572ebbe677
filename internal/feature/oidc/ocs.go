package oidc

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// api plugs in what administrators and their scripts call (sso.md 1.2).
func (rm *Room) api(m *ocs.Mux) {
	ocs.Handle(m, "GET /apps/user_oidc/api/v1/provider", web.Admin, rm.list)
	ocs.Handle(m, "POST /apps/user_oidc/api/v1/provider", web.Admin|web.Confirmed, rm.create)
	ocs.Handle(m, "PUT /apps/user_oidc/api/v1/provider/{id}", web.Admin|web.Confirmed, rm.change)
	ocs.Handle(m, "DELETE /apps/user_oidc/api/v1/provider/{id}", web.Admin|web.Confirmed, rm.remove)
	ocs.Handle(m, "POST /apps/user_oidc/api/v1/provider/{id}/try", web.Admin, rm.try)
	ocs.Handle(m, "GET /apps/user_oidc/api/v1/template", web.Admin, rm.template)
	ocs.Handle(m, "POST /apps/user_oidc/api/v1/check", web.Admin|web.Confirmed, rm.check)
}

// shown is a provider on the wire. A secret is taken and never given.
type shown struct {
	ID            int64    `json:"id"`
	Identifier    string   `json:"identifier"`
	ClientID      string   `json:"clientId"`
	HasSecret     bool     `json:"hasSecret"`
	Discovery     string   `json:"discoveryEndpoint"`
	EndSession    string   `json:"endSessionEndpoint"`
	PostLogoutURI string   `json:"postLogoutUri"`
	Scope         string   `json:"scope"`
	Settings      Settings `json:"settings"`
	Callback      string   `json:"callback"`     // to be registered at the provider
	BackChannel   string   `json:"backChannel"`  // the same, for its logout
	FrontChannel  string   `json:"frontChannel"` // the same
	Keys          string   `json:"keys"`         // where the provider reads our public keys, for private_key_jwt
}

func show(ctx context.Context, p *Provider) shown {
	at := web.VisitOf(ctx).Base() + base
	s := shown{ID: p.ID, Identifier: p.Name, ClientID: p.Client, HasSecret: p.Secret != "", Discovery: p.Discovery, EndSession: p.EndSession,
		PostLogoutURI: p.PostLogout, Scope: p.Scope, Settings: p.Settings, Callback: at + "/code",
		BackChannel: at + "/backchannel-logout/" + url.PathEscape(p.Name), FrontChannel: at + "/frontchannel-logout/" + url.PathEscape(p.Name), Keys: at + "/jwks"}
	s.Settings.Secret = ""
	return s
}

func (rm *Room) list(ctx context.Context, _ *ocs.Request) (any, error) {
	all, err := rm.Providers(ctx)
	if err != nil {
		return nil, err
	}
	out := []shown{}
	for _, p := range all {
		out = append(out, show(ctx, p))
	}
	return out, nil
}

// template answers with what is known before there is a provider: the address to register
// there, and the claim that fills each field when nothing else is said.
func (rm *Room) template(ctx context.Context, _ *ocs.Request) (any, error) {
	s := show(ctx, &Provider{})
	return map[string]any{"callback": s.Callback, "backChannel": s.BackChannel, "frontChannel": s.FrontChannel, "keys": s.Keys, "claims": usual}, nil
}

func (rm *Room) create(ctx context.Context, r *ocs.Request) (any, error) {
	p := &Provider{Settings: Settings{UniqueID: true}}
	return rm.take(ctx, r, p)
}

// check answers POST …/check, with the parameters of a provider, and with id= those of the
// provider that is kept where nothing else is said: what it says of itself.
func (rm *Room) check(ctx context.Context, r *ocs.Request) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	p := &Provider{Settings: Settings{UniqueID: true}}
	if said := in.Get("id"); said != "" {
		if p, err = rm.numbered(ctx, said); err != nil {
			return nil, err
		}
	}
	if err := p.fill(in); err != nil {
		return nil, err
	}
	c, err := rm.Check(ctx, p)
	if err != nil {
		return nil, err
	}
	return c.in(web.Tongue(r.Request)), nil
}

func (rm *Room) change(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := rm.asked(ctx, r)
	if err != nil {
		return nil, err
	}
	return rm.take(ctx, r, p)
}

// take saves what a request says.
func (rm *Room) take(ctx context.Context, r *ocs.Request, p *Provider) (any, error) {
	in, err := r.Params()
	if err == nil {
		err = p.fill(in)
	}
	if err == nil {
		err = rm.Save(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	return show(ctx, p), nil
}

// fill takes over what a request says. settings is a JSON object of Settings; the
// parameters beside it are those of the recorded API.
func (p *Provider) fill(in url.Values) error {
	if said := in.Get("settings"); said != "" {
		secret := p.Secret
		if err := json.Unmarshal([]byte(said), &p.Settings); err != nil {
			return fault.Wrap(fault.Invalid, err, "The settings are no JSON object.")
		}
		if p.Secret == "" {
			p.Secret = secret
		}
	}
	for name, at := range map[string]*string{"identifier": &p.Name, "clientId": &p.Client, "clientSecret": &p.Secret, "discoveryEndpoint": &p.Discovery,
		"endSessionEndpoint": &p.EndSession, "postLogoutUri": &p.PostLogout, "scope": &p.Scope} {
		if in.Has(name) {
			*at = in.Get(name)
		}
	}
	return nil
}

func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := rm.asked(ctx, r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, rm.Remove(ctx, p.ID)
}

// try answers POST …/provider/{id}/try claims=, a JSON object or a token: what they
// would come to.
func (rm *Room) try(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := rm.asked(ctx, r)
	if err != nil {
		return nil, err
	}
	said, err := r.Param("claims")
	if err != nil {
		return nil, err
	}
	claims, err := pasted(said)
	if err != nil {
		return nil, err
	}
	t, err := rm.Try(ctx, p, claims)
	if err != nil {
		return nil, err
	}
	t.Refused = t.Refused.Said(web.Tongue(r.Request))
	return t, nil
}

func (rm *Room) asked(ctx context.Context, r *ocs.Request) (*Provider, error) {
	return rm.numbered(ctx, r.Path("id"))
}

func (rm *Room) numbered(ctx context.Context, said string) (*Provider, error) {
	id, err := strconv.ParseInt(said, 10, 64)
	if err != nil {
		return nil, fault.NotFound
	}
	return rm.Provider(ctx, id)
}
