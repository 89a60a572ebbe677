package oidc

import (
	"context"
	"encoding/json"
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
}

func show(ctx context.Context, p *Provider) shown {
	at := web.VisitOf(ctx).Base() + base
	s := shown{ID: p.ID, Identifier: p.Name, ClientID: p.Client, HasSecret: p.Secret != "", Discovery: p.Discovery, EndSession: p.EndSession,
		PostLogoutURI: p.PostLogout, Scope: p.Scope, Settings: p.Settings, Callback: at + "/code",
		BackChannel: at + "/backchannel-logout/" + p.Name, FrontChannel: at + "/frontchannel-logout/" + p.Name}
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

func (rm *Room) create(ctx context.Context, r *ocs.Request) (any, error) {
	p := &Provider{Settings: Settings{UniqueID: true}}
	return rm.take(ctx, r, p)
}

func (rm *Room) change(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := rm.asked(ctx, r)
	if err != nil {
		return nil, err
	}
	return rm.take(ctx, r, p)
}

// take takes over what a request says. settings is a JSON object of Settings; the
// parameters beside it are those of the recorded API.
func (rm *Room) take(ctx context.Context, r *ocs.Request, p *Provider) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	if said := in.Get("settings"); said != "" {
		secret := p.Secret
		if err := json.Unmarshal([]byte(said), &p.Settings); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The settings are no JSON object.")
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
	if err := rm.Save(ctx, p); err != nil {
		return nil, err
	}
	return show(ctx, p), nil
}

func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := rm.asked(ctx, r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, rm.Remove(ctx, p.ID)
}

// try answers POST …/provider/{id}/try claims=: what they would come to.
func (rm *Room) try(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := rm.asked(ctx, r)
	if err != nil {
		return nil, err
	}
	said, err := r.Param("claims")
	if err != nil {
		return nil, err
	}
	claims, err := parseClaims([]byte(said))
	if err != nil {
		return nil, err
	}
	return rm.Try(ctx, p, claims)
}

func (rm *Room) asked(ctx context.Context, r *ocs.Request) (*Provider, error) {
	id, err := strconv.ParseInt(r.Path("id"), 10, 64)
	if err != nil {
		return nil, fault.NotFound
	}
	return rm.Provider(ctx, id)
}
