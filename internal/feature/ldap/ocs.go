package ldap

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

const (
	root = "/apps/user_ldap/api/v1"
	path = root + "/config"
)

// api plugs in what administrators and their scripts call (sso.md 4.2, 34-apps/287-295).
func (rm *Room) api(m *ocs.Mux) {
	ocs.Handle(m, "GET "+path, web.Admin, rm.list)
	ocs.Handle(m, "POST "+path, web.Admin|web.Confirmed, rm.create)
	ocs.Handle(m, "GET "+path+"/{id}", web.Admin, rm.show)
	ocs.Handle(m, "PUT "+path+"/{id}", web.Admin|web.Confirmed, rm.modify)
	ocs.Handle(m, "DELETE "+path+"/{id}", web.Admin|web.Confirmed, rm.remove)
	ocs.Handle(m, "POST "+path+"/{id}/test", web.Admin, rm.test)
	ocs.Handle(m, "POST "+path+"/{id}/try", web.Admin, rm.tryLogin)
	ocs.Handle(m, "POST "+root+"/probe", web.Admin|web.Confirmed, rm.survey)
	ocs.Handle(m, "POST "+root+"/sync", web.Admin|web.Confirmed, rm.foretell)
	ocs.Handle(m, "GET "+root+"/remnants", web.Admin, rm.remnants)
}

// list answers with the numbers of all configurations and whether they are in use.
func (rm *Room) list(ctx context.Context, _ *ocs.Request) (any, error) {
	all, err := rm.Configs(ctx)
	if err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, c := range all {
		out = append(out, map[string]any{"configID": c.ID, "active": c.Active(), "host": c.get("ldapHost")})
	}
	return out, nil
}

func (rm *Room) create(ctx context.Context, _ *ocs.Request) (any, error) {
	c, err := rm.Create(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]string{"configID": c.ID}, nil
}

// show answers with all settings. The password is taken and never given, whatever
// showPassword says.
func (rm *Room) show(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.Config(ctx, r.Path("id"))
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, key := range Keys() {
		out[key] = c.shown(key)
	}
	return out, nil
}

// modify takes configData[KEY]=VALUE, or an object configData in JSON. Keys that
// nobody knows are passed over, as recorded (34-apps/291).
func (rm *Room) modify(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.Config(ctx, r.Path("id"))
	if err != nil {
		return nil, err
	}
	said, err := configData(r)
	if err != nil {
		return nil, err
	}
	for key, value := range said {
		if err := c.set(key, value); err != nil && !errors.Is(err, fault.Unsupported) {
			return nil, err
		}
	}
	return []string{}, rm.Save(ctx, c)
}

func configData(r *ocs.Request) (map[string]string, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	said := map[string]string{}
	if object := in.Get("configData"); object != "" {
		if err := json.Unmarshal([]byte(object), &said); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "configData must be an object of texts.")
		}
	}
	for name := range in {
		if key, ok := strings.CutPrefix(name, "configData["); ok {
			said[strings.TrimSuffix(key, "]")] = in.Get(name)
		}
	}
	return said, nil
}

func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	return []string{}, rm.Remove(ctx, r.Path("id"))
}

// test answers POST …/{id}/test: what the directory gives with these settings.
func (rm *Room) test(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.Config(ctx, r.Path("id"))
	if err != nil {
		return nil, err
	}
	t, err := rm.Probe(ctx, c)
	if err == nil {
		t.Warnings = tongue.Each(t.Warnings, web.Tongue(r.Request))
	}
	return t, err
}

// tryLogin answers POST …/{id}/try login= password=: what a sign-in would come to.
func (rm *Room) tryLogin(ctx context.Context, r *ocs.Request) (any, error) {
	c, err := rm.Config(ctx, r.Path("id"))
	if err != nil {
		return nil, err
	}
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	t, err := rm.Try(ctx, c, in.Get("login"), in.Get("password"))
	return t.in(web.Tongue(r.Request)), err
}
