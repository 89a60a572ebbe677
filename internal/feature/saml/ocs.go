package saml

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

const path = "/apps/user_saml/api/v1/provider"

// api plugs in what administrators and their scripts call.
func (rm *Room) api(m *ocs.Mux) {
	ocs.Handle(m, "GET "+path, web.Admin, rm.list)
	ocs.Handle(m, "POST "+path, web.Admin|web.Confirmed, rm.create)
	ocs.Handle(m, "PUT "+path+"/{id}", web.Admin|web.Confirmed, rm.change)
	ocs.Handle(m, "DELETE "+path+"/{id}", web.Admin|web.Confirmed, rm.remove)
	ocs.Handle(m, "POST "+path+"/{id}/try", web.Admin, rm.try)
	ocs.Handle(m, "POST "+path+"/{id}/key", web.Admin|web.Confirmed, rm.makeKey)
	ocs.Handle(m, "POST /apps/user_saml/api/v1/metadata", web.Admin, rm.understand)
}

// shown is a provider on the wire. Secrets are taken and never given.
type shown struct {
	ID       int64             `json:"id"`
	Name     string            `json:"name"`
	Complete bool              `json:"complete"`
	Settings map[string]string `json:"settings"`
	Entity   string            `json:"entityId"` // what the provider calls us
	ACS      string            `json:"acs"`      // to be registered at the provider
	SLS      string            `json:"sls"`      // the same, for its logout
	Metadata string            `json:"metadata"` // the same, in one document

	Certificates []certificate `json:"certificates"`
}

func (rm *Room) shown(ctx context.Context, c *Config) (shown, error) {
	at := rm.at(ctx, c)
	s := shown{ID: c.ID, Name: c.Name(), Complete: c.Complete(), Settings: map[string]string{}, Entity: rm.entity(ctx, c), ACS: at + "/acs", SLS: at + "/sls",
		Metadata: at + "/metadata?idp=" + strconv.FormatInt(c.ID, 10)}
	for _, key := range Keys() {
		s.Settings[key] = c.shown(key)
	}
	var err error
	s.Certificates, err = c.theirs()
	return s, err
}

func (rm *Room) list(ctx context.Context, _ *ocs.Request) (any, error) {
	all, err := rm.Configs(ctx)
	if err != nil {
		return nil, err
	}
	out := []shown{}
	for _, c := range all {
		one, err := rm.shown(ctx, c)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (rm *Room) create(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.Create(ctx)
	if err != nil {
		return nil, err
	}
	out, err := rm.take(ctx, r, c)
	if err != nil {
		return nil, errors.Join(err, rm.Remove(ctx, c.ID))
	}
	return out, nil
}

func (rm *Room) change(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.named(ctx, r)
	if err != nil {
		return nil, err
	}
	return rm.take(ctx, r, c)
}

// take takes over settings[KEY]=VALUE, or an object settings in JSON.
func (rm *Room) take(ctx context.Context, r *ocs.Request, c *Config) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	said := map[string]string{}
	if object := in.Get("settings"); object != "" {
		if err := json.Unmarshal([]byte(object), &said); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "settings must be an object of texts.")
		}
	}
	for name := range in {
		if key, ok := strings.CutPrefix(name, "settings["); ok {
			said[strings.TrimSuffix(key, "]")] = in.Get(name)
		}
	}
	for key, value := range said {
		if err := c.set(key, value); err != nil {
			return nil, err
		}
	}
	if err := rm.Save(ctx, c); err != nil {
		return nil, err
	}
	return rm.shown(ctx, c)
}

func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.named(ctx, r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, rm.Remove(ctx, c.ID)
}

// try answers POST …/{id}/try answer= or headers=: what it would come to.
func (rm *Room) try(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.named(ctx, r)
	if err != nil {
		return nil, err
	}
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	if in.Has("headers") {
		return rm.TryHeaders(ctx, c, in.Get("headers"))
	}
	said, err := r.Param("answer")
	if err != nil {
		return nil, err
	}
	t, err := rm.Try(ctx, c, []byte(said))
	if err == nil {
		t.Refused, t.Doubt = t.Refused.Said(web.Tongue(r.Request)), t.Doubt.Said(web.Tongue(r.Request))
	}
	return t, err
}

func (rm *Room) named(ctx context.Context, r *ocs.Request) (*Config, error) {
	id, err := strconv.ParseInt(r.Path("id"), 10, 64)
	if err != nil {
		return nil, fault.NotFound
	}
	return rm.Config(ctx, id)
}
