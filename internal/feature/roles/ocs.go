package roles

import (
	"context"
	"encoding/json"
	"errors"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// serve registers the API for administrators. It is ours: Nextcloud has none.
func (rm *Room) serve(m *ocs.Mux) {
	const base = " /apps/roles/api/v1/roles"
	ocs.Handle(m, "GET /apps/roles/api/v1/rights", web.Admin, rm.listRights)
	ocs.Handle(m, "GET"+base, web.Admin, rm.list)
	ocs.Handle(m, "PUT"+base+"/{name}", web.Admin|web.Confirmed, rm.set)
	ocs.Handle(m, "DELETE"+base+"/{name}", web.Admin|web.Confirmed, rm.remove)
	ocs.Handle(m, "GET"+base+"/{name}/holders", web.Admin, rm.listHolders)
	ocs.Handle(m, "PUT"+base+"/{name}/{kind}/{id}", web.Admin|web.Confirmed, rm.grant)
	ocs.Handle(m, "DELETE"+base+"/{name}/{kind}/{id}", web.Admin|web.Confirmed, rm.revoke)
}

func (rm *Room) listRights(context.Context, *ocs.Request) (any, error) { return Rights(), nil }

func (rm *Room) list(ctx context.Context, _ *ocs.Request) (any, error) {
	out := []Role{}
	for r, err := range rm.All(ctx) {
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// set takes {"display", "rights": […], "withheld": […]} as JSON.
func (rm *Room) set(ctx context.Context, r *ocs.Request) (any, error) {
	var role Role
	if err := json.NewDecoder(r.Body).Decode(&role); err != nil {
		if _, ok := errors.AsType[*fault.Fault](err); ok {
			return nil, err
		}
		return nil, fault.Wrap(fault.Invalid, err, "The request is no JSON.")
	}
	role.Name = web.Param(r.Request, "name")
	return rm.Set(ctx, r.Caller().ID, role)
}

func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	return nil, rm.Remove(ctx, r.Caller().ID, web.Param(r.Request, "name"))
}

type held struct {
	Users  []string `json:"users"`
	Groups []string `json:"groups"`
}

func (rm *Room) listHolders(ctx context.Context, r *ocs.Request) (any, error) {
	name := web.Param(r.Request, "name")
	if _, err := rm.Get(ctx, name); err != nil {
		return nil, err
	}
	return rm.holders(ctx, name)
}

func (rm *Room) holders(ctx context.Context, name string) (held, error) {
	out := held{[]string{}, []string{}}
	for h, err := range rm.Holders(ctx, name) {
		if err != nil {
			return held{}, err
		}
		if h.Kind == Group {
			out.Groups = append(out.Groups, h.ID)
		} else {
			out.Users = append(out.Users, h.ID)
		}
	}
	return out, nil
}

func holder(r *ocs.Request) (Holder, error) {
	id := web.Param(r.Request, "id")
	switch web.Param(r.Request, "kind") {
	case "users":
		return Holder{User, id}, nil
	case "groups":
		return Holder{Group, id}, nil
	}
	return Holder{}, fault.New(fault.NotFound, "Roles are held by users and groups.")
}

func (rm *Room) grant(ctx context.Context, r *ocs.Request) (any, error) {
	h, err := holder(r)
	if err != nil {
		return nil, err
	}
	return nil, rm.Grant(ctx, web.Param(r.Request, "name"), h)
}

func (rm *Room) revoke(ctx context.Context, r *ocs.Request) (any, error) {
	h, err := holder(r)
	if err != nil {
		return nil, err
	}
	return nil, rm.Revoke(ctx, web.Param(r.Request, "name"), h)
}
