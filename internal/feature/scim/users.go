package scim

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// batch is how many resources are looked at together.
const batch = 500

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// renderUsers are users as SCIM shows them, with two statements for 500.
func (rm *Room) renderUsers(ctx context.Context, r *http.Request, us []*user) (out []map[string]any, err error) {
	var uids []string
	for _, u := range us {
		uids = append(uids, u.uid)
	}
	accounts, err := rm.dir.Some(ctx, uids)
	if err != nil {
		return nil, err
	}
	in, err := rm.groupsOf(ctx, us)
	if err != nil {
		return nil, err
	}
	for _, u := range us {
		res := maps.Clone(u.doc)
		schemas := []string{userURN}
		if _, ok := res[enterpriseURN]; ok {
			schemas = append(schemas, enterpriseURN)
		}
		account := accounts[u.uid]
		res["schemas"], res["id"], res["active"] = schemas, u.id, account != nil && account.Enabled
		var groups []any
		for _, g := range in[u.uid] {
			groups = append(groups, map[string]any{"value": g.id, "display": g.display, "$ref": origin(r) + "/Groups/" + g.id})
		}
		if groups != nil {
			res["groups"] = groups
		}
		if res, err = finish(res, "User", origin(r)+"/Users/"+u.id, stamp(u.made), stamp(u.changed)); err != nil {
			return nil, err
		}
		out = append(out, res)
	}
	return out, nil
}

func (rm *Room) renderUser(ctx context.Context, r *http.Request, u *user) (map[string]any, error) {
	out, err := rm.renderUsers(ctx, r, []*user{u})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func (rm *Room) listUsers(ctx context.Context, r *http.Request) (reply, error) {
	p, err := pageOf(r)
	if err != nil {
		return reply{}, err
	}
	if p.filter == nil {
		total, err := db.One(ctx, rm.db, db.Scan1[int], "SELECT COUNT(*) FROM scim_user WHERE gone = 0")
		if err != nil {
			return reply{}, err
		}
		us, err := db.List(ctx, rm.db, scanUser, "SELECT "+userColumns+" FROM scim_user WHERE gone = 0 ORDER BY id LIMIT ? OFFSET ?", p.count, p.start-1)
		if err != nil {
			return reply{}, err
		}
		out, err := rm.renderUsers(ctx, r, us)
		return listing(p, total, out), err
	}
	s := search[*user]{page: p, render: func(us []*user) ([]map[string]any, error) { return rm.renderUsers(ctx, r, us) }}
	return s.run(rm.candidates(ctx, p.filter))
}

// candidates are the users among whom those are that a filter finds: few where it asks
// for one name, which providers do all the time.
func (rm *Room) candidates(ctx context.Context, f *filter) iter.Seq2[*user, error] {
	const all = "SELECT " + userColumns + " FROM scim_user WHERE gone = 0"
	if f.eq != nil {
		switch strings.ToLower(f.eq.name) {
		case "username":
			return db.All(ctx, rm.db, scanUser, all+" AND name = ?", strings.ToLower(f.eq.value))
		case "externalid":
			return db.All(ctx, rm.db, scanUser, all+" AND external = ? ORDER BY id", f.eq.value)
		case "id":
			return db.All(ctx, rm.db, scanUser, all+" AND id = ?", f.eq.value)
		}
	}
	return db.All(ctx, rm.db, scanUser, all+" ORDER BY id")
}

// search goes through resources some at a time, and keeps one page.
type search[T any] struct {
	page
	render func(some []T) ([]map[string]any, error)

	total int
	found []map[string]any
}

func (s *search[T]) run(all iter.Seq2[T, error]) (reply, error) {
	var some []T
	for one, err := range all {
		if err != nil {
			return reply{}, err
		}
		if some = append(some, one); len(some) == batch {
			if err := s.look(some); err != nil {
				return reply{}, err
			}
			some = nil
		}
	}
	err := s.look(some)
	return listing(s.page, s.total, s.found), err
}

func (s *search[T]) look(some []T) error {
	if len(some) == 0 {
		return nil
	}
	rendered, err := s.render(some)
	if err != nil {
		return err
	}
	for _, res := range rendered {
		if !s.filter.match(res) {
			continue
		}
		if s.total++; s.total >= s.start && len(s.found) < s.count {
			s.found = append(s.found, res)
		}
	}
	return nil
}

func (rm *Room) showUser(ctx context.Context, r *http.Request) (reply, error) {
	u, err := rm.user(ctx, web.Param(r, "id"))
	if err != nil {
		return reply{}, err
	}
	res, err := rm.renderUser(ctx, r, u)
	return reply{http.StatusOK, res}, err
}

func (rm *Room) createUser(ctx context.Context, r *http.Request) (reply, error) {
	in, err := read(r)
	if err != nil {
		return reply{}, err
	}
	doc, err := acceptUser(in)
	if err != nil {
		return reply{}, err
	}
	u, err := rm.add(ctx, doc)
	if err != nil {
		return reply{}, err
	}
	res, err := rm.renderUser(ctx, r, u)
	return reply{http.StatusCreated, res}, err
}

func (rm *Room) replaceUser(ctx context.Context, r *http.Request) (reply, error) {
	in, err := read(r)
	if err != nil {
		return reply{}, err
	}
	return rm.alter(ctx, r, func(now map[string]any) (map[string]any, error) {
		doc, err := acceptUser(in)
		if err == nil && doc["active"] == nil {
			doc["active"] = now["active"]
		}
		return doc, err
	})
}

func (rm *Room) patchUser(ctx context.Context, r *http.Request) (reply, error) {
	raw, err := body(r)
	if err != nil {
		return reply{}, err
	}
	changes, err := parseChanges(raw)
	if err != nil {
		return reply{}, err
	}
	return rm.alter(ctx, r, func(now map[string]any) (map[string]any, error) {
		for _, c := range changes {
			if err := patch(now, userAttributes(), c); err != nil {
				return nil, err
			}
		}
		return acceptUser(now)
	})
}

// alter changes the user of a request: f gets a copy of the document that is now, with
// active as the account has it.
func (rm *Room) alter(ctx context.Context, r *http.Request, f func(now map[string]any) (map[string]any, error)) (reply, error) {
	u, err := rm.user(ctx, web.Param(r, "id"))
	if err != nil {
		return reply{}, err
	}
	before, err := rm.renderUser(ctx, r, u)
	if err != nil {
		return reply{}, err
	}
	if err := unchanged(r, before); err != nil {
		return reply{}, err
	}
	now, err := deepCopy(u.doc)
	if err != nil {
		return reply{}, err
	}
	now["active"] = before["active"]
	doc, err := f(now)
	if err != nil {
		return reply{}, err
	}
	if err := rm.change(ctx, u, doc); err != nil {
		return reply{}, err
	}
	after, err := rm.renderUser(ctx, r, u)
	return reply{http.StatusOK, after}, err
}

func deepCopy(doc map[string]any) (out map[string]any, err error) {
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(raw, &out)
}

func (rm *Room) deleteUser(ctx context.Context, r *http.Request) (reply, error) {
	u, err := rm.user(ctx, web.Param(r, "id"))
	if err != nil {
		return reply{}, err
	}
	res, err := rm.renderUser(ctx, r, u)
	if err != nil {
		return reply{}, err
	}
	if err := unchanged(r, res); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, rm.remove(ctx, u)
}

// people are the users behind accounts, and accounts behind users, as far as the
// provider sees them.
func (rm *Room) people(ctx context.Context, column string, keys []string) (out []*user, err error) {
	for part := range slices.Chunk(keys, batch) {
		us, err := db.List(ctx, rm.db, scanUser, "SELECT "+userColumns+" FROM scim_user WHERE gone = 0 AND "+column+" IN (?)", part)
		if err != nil {
			return nil, err
		}
		out = append(out, us...)
	}
	return out, nil
}

// accountsOf resolves ids of users; one that is none is invalidValue.
func (rm *Room) accountsOf(ctx context.Context, ids []string) (map[string]bool, error) {
	us, err := rm.people(ctx, "id", ids)
	if err != nil {
		return nil, err
	}
	out, seen := map[string]bool{}, map[string]bool{}
	for _, u := range us {
		out[u.uid], seen[u.id] = true, true
	}
	for _, id := range ids {
		if !seen[id] {
			return nil, &problem{fault.New(fault.Invalid, "A member is no user of this server."), "invalidValue"}
		}
	}
	return out, nil
}

// groupsOf are the groups of the provider that accounts are in, by account.
func (rm *Room) groupsOf(ctx context.Context, us []*user) (map[string][]*group, error) {
	var accounts []*identity.User
	for _, u := range us {
		accounts = append(accounts, &identity.User{ID: u.uid})
	}
	in, _, err := rm.dir.Memberships(ctx, accounts...)
	if err != nil {
		return nil, err
	}
	var gids []string
	for _, g := range in {
		gids = append(gids, g...)
	}
	slices.Sort(gids)
	known := map[string]*group{}
	for part := range slices.Chunk(slices.Compact(gids), batch) {
		for g, err := range db.All(ctx, rm.db, scanGroup, "SELECT "+groupColumns+" FROM scim_group WHERE gid IN (?)", part) {
			if err != nil {
				return nil, err
			}
			known[g.gid] = g
		}
	}
	out := map[string][]*group{}
	for uid, gids := range in {
		for _, gid := range gids {
			if g := known[gid]; g != nil {
				out[uid] = append(out[uid], g)
			}
		}
	}
	return out, nil
}
