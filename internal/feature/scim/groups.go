package scim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// group is what a provider says of a group, but for its members, which the directory
// knows.
type group struct {
	id       string
	gid      string // the group's, which never changes
	display  string
	external string
	turn     int64
	made     time.Time
	changed  time.Time
}

const groupColumns = "id, gid, display, external, turn, made, changed"

func scanGroup(r db.Row) (*group, error) {
	g := &group{}
	var made, changed int64
	err := r.Scan(&g.id, &g.gid, &g.display, &g.external, &g.turn, &made, &changed)
	g.made, g.changed = time.UnixMilli(made), time.UnixMilli(changed)
	return g, err
}

var errNoGroup = fault.New(fault.NotFound, "There is no such group.")

func (rm *Room) group(ctx context.Context, id string) (*group, error) {
	g, err := db.One(ctx, rm.db, scanGroup, "SELECT "+groupColumns+" FROM scim_group WHERE id = ?", id)
	if errors.Is(err, fault.NotFound) {
		return nil, errNoGroup
	}
	return g, err
}

// describe takes the names of a group from a document.
func (g *group) describe(doc map[string]any) error {
	g.display, g.external = written(doc["displayName"]), written(doc["externalId"])
	if strings.TrimSpace(g.display) == "" || len(g.display) > 250 || len(g.external) > 250 {
		return invalid("invalidValue", "A group has a displayName, and neither it nor externalId is longer than 250 characters.")
	}
	return nil
}

// memberIDs are the users that a document names, nil when it names no members at all.
func memberIDs(doc map[string]any) (ids []string, named bool, err error) {
	if _, named = doc["members"]; !named {
		return nil, false, nil
	}
	for _, e := range values(doc, "members") {
		o, ok := e.(map[string]any)
		if !ok || written(o["value"]) == "" || strings.EqualFold(written(o["type"]), "Group") {
			return nil, true, invalid("invalidValue", "Members of a group are users.")
		}
		ids = append(ids, written(o["value"]))
	}
	slices.Sort(ids)
	return slices.Compact(ids), true, nil
}

// addGroup makes a group, or takes over one of that name where the administrator has
// said so; never that of the administrators.
func (rm *Room) addGroup(ctx context.Context, doc map[string]any) (*group, error) {
	now := rm.Now()
	g := &group{id: newID(), made: now, changed: now}
	if err := g.describe(doc); err != nil {
		return nil, err
	}
	ids, _, err := memberIDs(doc)
	if err != nil {
		return nil, err
	}
	uids, err := rm.accountsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	there, err := rm.placeGroup(ctx, g)
	if err != nil {
		return nil, err
	}
	_, err = rm.db.Exec(ctx, "INSERT INTO scim_group (id, gid, name, display, external, turn, made, changed) VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
		g.id, g.gid, strings.ToLower(g.display), g.display, g.external, now.UnixMilli(), now.UnixMilli())
	if errors.Is(err, fault.Exists) {
		return nil, errTaken
	}
	if err != nil {
		return nil, err
	}
	if !there {
		if err := rm.dir.CreateGroup(ctx, g.gid, g.display); err != nil {
			_, undo := rm.db.Exec(ctx, "DELETE FROM scim_group WHERE id = ?", g.id)
			return nil, errors.Join(err, undo)
		}
	}
	if err := rm.note(ctx, "", "group made: "+g.display); err != nil {
		return nil, err
	}
	return g, rm.fill(ctx, g, uids)
}

func (rm *Room) placeGroup(ctx context.Context, g *group) (there bool, err error) {
	for n := 1; n < 100; n++ {
		g.gid = g.display
		if n > 1 {
			g.gid = fmt.Sprintf("%s (%d)", g.display, n)
		}
		if len(g.gid) > vouch.MaxID {
			g.gid = vouch.Digest(g.gid)
		}
		if strings.EqualFold(g.gid, identity.AdminGroup) {
			return false, errTaken
		}
		_, err := rm.dir.Group(ctx, g.gid)
		if errors.Is(err, fault.NotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		ours, err := db.One(ctx, rm.db, db.Scan1[int], "SELECT COUNT(*) FROM scim_group WHERE gid = ?", g.gid)
		if err != nil {
			return false, err
		}
		if ours > 0 {
			continue
		}
		if v, err := rm.chosen(ctx, adopt); err != nil || v != "yes" {
			return false, errors.Join(errTaken, err)
		}
		return true, nil
	}
	return false, errTaken
}

// changeGroup writes another document of a group. Members whom the provider does not
// see stay.
func (rm *Room) changeGroup(ctx context.Context, g *group, doc map[string]any) error {
	was := g.display
	if err := g.describe(doc); err != nil {
		return err
	}
	if strings.EqualFold(g.display, identity.AdminGroup) {
		return errTaken
	}
	ids, named, err := memberIDs(doc)
	if err != nil {
		return err
	}
	uids, err := rm.accountsOf(ctx, ids)
	if err != nil {
		return err
	}
	now := rm.Now()
	n, err := rm.db.Exec(ctx, "UPDATE scim_group SET name = ?, display = ?, external = ?, turn = turn + 1, changed = ? WHERE id = ? AND turn = ?",
		strings.ToLower(g.display), g.display, g.external, now.UnixMilli(), g.id, g.turn)
	switch {
	case errors.Is(err, fault.Exists):
		return errTaken
	case err == nil && n == 0:
		return errStale
	case err != nil:
		return err
	}
	g.changed = now
	if err := rm.dir.RenameGroup(ctx, g.gid, g.display); err != nil {
		return err
	}
	if was != g.display {
		if err := rm.note(ctx, "", "group renamed: "+was+" → "+g.display); err != nil {
			return err
		}
	}
	if !named {
		return nil
	}
	return rm.fill(ctx, g, uids)
}

// fill makes these accounts, and no others of the provider's, the members of a group.
func (rm *Room) fill(ctx context.Context, g *group, uids map[string]bool) error {
	in, err := rm.membersOf(ctx, []*group{g})
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, u := range in[g.gid] {
		has[u.uid] = true
		if uids[u.uid] {
			continue
		}
		if err := rm.dir.RemoveMember(ctx, g.gid, u.uid); err != nil {
			return err
		}
		if err := rm.note(ctx, u.uid, "left group: "+g.display); err != nil {
			return err
		}
	}
	for _, uid := range slices.Sorted(maps.Keys(uids)) {
		if has[uid] {
			continue
		}
		if err := rm.dir.AddMember(ctx, g.gid, uid); err != nil {
			return err
		}
		if err := rm.note(ctx, uid, "joined group: "+g.display); err != nil {
			return err
		}
	}
	return nil
}

// membersOf are the users in groups, by group.
func (rm *Room) membersOf(ctx context.Context, gs []*group) (map[string][]*user, error) {
	if len(gs) == 0 {
		return nil, nil
	}
	var gids []string
	for _, g := range gs {
		gids = append(gids, g.gid)
	}
	var accounts []*identity.User
	var uids []string
	for u, err := range rm.dir.Users(ctx, identity.Query{Groups: gids}) {
		if err != nil {
			return nil, err
		}
		accounts, uids = append(accounts, u), append(uids, u.ID)
	}
	us, err := rm.people(ctx, "uid", uids)
	if err != nil {
		return nil, err
	}
	in, _, err := rm.dir.Memberships(ctx, accounts...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(us, func(a, b *user) int { return strings.Compare(a.name, b.name) })
	out := map[string][]*user{}
	for _, u := range us {
		for _, gid := range in[u.uid] {
			out[gid] = append(out[gid], u)
		}
	}
	return out, nil
}

// renderGroups are groups as SCIM shows them, with a few statements for all.
func (rm *Room) renderGroups(ctx context.Context, r *http.Request, gs []*group, members bool) (out []map[string]any, err error) {
	in := map[string][]*user{}
	if members {
		if in, err = rm.membersOf(ctx, gs); err != nil {
			return nil, err
		}
	}
	for _, g := range gs {
		res := map[string]any{"schemas": []string{groupURN}, "id": g.id, "displayName": g.display}
		if g.external != "" {
			res["externalId"] = g.external
		}
		if members {
			list := []any{}
			for _, u := range in[g.gid] {
				list = append(list, map[string]any{"value": u.id, "display": written(u.doc["userName"]), "type": "User", "$ref": origin(r) + "/Users/" + u.id})
			}
			res["members"] = list
		}
		if res, err = finish(res, "Group", origin(r)+"/Groups/"+g.id, stamp(g.made), stamp(g.changed)); err != nil {
			return nil, err
		}
		out = append(out, res)
	}
	return out, nil
}

func (rm *Room) renderGroup(ctx context.Context, r *http.Request, g *group) (map[string]any, error) {
	out, err := rm.renderGroups(ctx, r, []*group{g}, true)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func (rm *Room) listGroups(ctx context.Context, r *http.Request) (reply, error) {
	p, err := pageOf(r)
	if err != nil {
		return reply{}, err
	}
	members := wants(r, "members")
	if p.filter == nil {
		total, err := db.One(ctx, rm.db, db.Scan1[int], "SELECT COUNT(*) FROM scim_group")
		if err != nil {
			return reply{}, err
		}
		gs, err := db.List(ctx, rm.db, scanGroup, "SELECT "+groupColumns+" FROM scim_group ORDER BY id LIMIT ? OFFSET ?", p.count, p.start-1)
		if err != nil {
			return reply{}, err
		}
		out, err := rm.renderGroups(ctx, r, gs, members)
		return listing(p, total, out), err
	}
	members = members || p.filter.mentions("members")
	s := search[*group]{page: p, render: func(gs []*group) ([]map[string]any, error) { return rm.renderGroups(ctx, r, gs, members) }}
	return s.run(rm.groupCandidates(ctx, p.filter))
}

func (rm *Room) groupCandidates(ctx context.Context, f *filter) iter.Seq2[*group, error] {
	const all = "SELECT " + groupColumns + " FROM scim_group"
	if f.eq != nil {
		switch strings.ToLower(f.eq.name) {
		case "displayname":
			return db.All(ctx, rm.db, scanGroup, all+" WHERE name = ?", strings.ToLower(f.eq.value))
		case "id":
			return db.All(ctx, rm.db, scanGroup, all+" WHERE id = ?", f.eq.value)
		}
	}
	return db.All(ctx, rm.db, scanGroup, all+" ORDER BY id")
}

func (rm *Room) showGroup(ctx context.Context, r *http.Request) (reply, error) {
	g, err := rm.group(ctx, web.Param(r, "id"))
	if err != nil {
		return reply{}, err
	}
	res, err := rm.renderGroup(ctx, r, g)
	return reply{http.StatusOK, res}, err
}

func (rm *Room) createGroup(ctx context.Context, r *http.Request) (reply, error) {
	in, err := read(r)
	if err != nil {
		return reply{}, err
	}
	doc, err := accept(groupAttributes(), in)
	if err != nil {
		return reply{}, err
	}
	g, err := rm.addGroup(ctx, doc)
	if err != nil {
		return reply{}, err
	}
	res, err := rm.renderGroup(ctx, r, g)
	return reply{http.StatusCreated, res}, err
}

func (rm *Room) replaceGroup(ctx context.Context, r *http.Request) (reply, error) {
	in, err := read(r)
	if err != nil {
		return reply{}, err
	}
	return rm.alterGroup(ctx, r, func(map[string]any) (map[string]any, error) { return accept(groupAttributes(), in) })
}

func (rm *Room) patchGroup(ctx context.Context, r *http.Request) (reply, error) {
	raw, err := body(r)
	if err != nil {
		return reply{}, err
	}
	changes, err := parseChanges(raw)
	if err != nil {
		return reply{}, err
	}
	return rm.alterGroup(ctx, r, func(now map[string]any) (map[string]any, error) {
		for _, c := range changes {
			if err := patch(now, groupAttributes(), c); err != nil {
				return nil, err
			}
		}
		if _, ok := now["members"]; !ok {
			now["members"] = []any{} // the last one was removed
		}
		return accept(groupAttributes(), now)
	})
}

// alterGroup changes the group of a request: f gets the document that is now.
func (rm *Room) alterGroup(ctx context.Context, r *http.Request, f func(now map[string]any) (map[string]any, error)) (reply, error) {
	g, err := rm.group(ctx, web.Param(r, "id"))
	if err != nil {
		return reply{}, err
	}
	before, err := rm.renderGroup(ctx, r, g)
	if err != nil {
		return reply{}, err
	}
	if err := unchanged(r, before); err != nil {
		return reply{}, err
	}
	doc, err := f(before)
	if err != nil {
		return reply{}, err
	}
	if err := rm.changeGroup(ctx, g, doc); err != nil {
		return reply{}, err
	}
	after, err := rm.renderGroup(ctx, r, g)
	return reply{http.StatusOK, after}, err
}

func (rm *Room) deleteGroup(ctx context.Context, r *http.Request) (reply, error) {
	g, err := rm.group(ctx, web.Param(r, "id"))
	if err != nil {
		return reply{}, err
	}
	res, err := rm.renderGroup(ctx, r, g)
	if err != nil {
		return reply{}, err
	}
	if err := unchanged(r, res); err != nil {
		return reply{}, err
	}
	if err := rm.dir.RemoveGroup(ctx, g.gid); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, rm.note(ctx, "", "group removed: "+g.display)
}

// forgetGroup forgets a group that is gone.
func forgetGroup(ctx context.Context, tx *db.DB, gid string) error {
	_, err := tx.Exec(ctx, "DELETE FROM scim_group WHERE gid = ?", gid)
	return err
}
