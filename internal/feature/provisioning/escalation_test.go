package provisioning

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
)

// The callers of the matrix: alice is nobody special, otto a member of the otters
// that olga administers, uma holds the right for accounts and gus that for groups.
// Among those they act on, oda is outside of olga's charge, mia holds a right that
// uma and gus do not, as do all in the group keys; hank is an otter, and administers
// the orcas.
const (
	plain  = "alice"
	member = "otto"
	lead   = "olga"
	users  = "uma"
	groups = "gus"
	root   = "admin"
)

func callers() []string { return []string{plain, member, lead, users, groups, root} }

// attempt is a call, and who may make it; for all others nothing must change.
type attempt struct {
	method, path string
	form         []string
	allowed      []string
}

func escalations() []attempt {
	all := callers()
	staff := []string{lead, users, root}
	managers := []string{users, root}
	change := func(id, key, value string, allowed ...string) attempt {
		return attempt{"PUT", "/cloud/users/" + id, []string{"key", key, "value", value}, allowed}
	}
	put := func(uid, gid string, allowed ...string) attempt {
		return attempt{"POST", "/cloud/users/" + uid + "/groups", []string{"groupid", gid}, allowed}
	}
	take := func(uid, gid string, allowed ...string) attempt {
		return attempt{"DELETE", "/cloud/users/" + uid + "/groups", []string{"groupid", gid}, allowed}
	}
	create := func(allowed []string, form ...string) attempt {
		return attempt{"POST", "/cloud/users", append([]string{"userid", "new", "password", "long enough 1"}, form...), allowed}
	}
	const config = "/apps/provisioning_api/api/v1/config/"
	return slices.Concat([]attempt{
		{"GET", "/cloud/user", nil, all}, {"GET", "/cloud/user/fields", nil, all}, {"GET", "/cloud/user/fields/otto", nil, []string{member, lead, users, root}},
		{"GET", "/cloud/user/apps", nil, []string{lead, root}},
		{"GET", "/cloud/users", nil, staff}, {"GET", "/cloud/users/details", nil, staff}, {"GET", "/cloud/users/disabled", nil, staff},
		{"GET", "/cloud/users/recent", nil, managers},
		{"POST", "/cloud/users/search/by-phone", []string{"location", "SE", "search[k][]", "0701"}, all},
		{"GET", "/cloud/users/otto", nil, []string{member, lead, users, root}}, {"GET", "/cloud/users/oda", nil, managers}, {"GET", "/cloud/users/admin", nil, managers},
		{"GET", "/cloud/users/otto/groups", nil, []string{member, lead, users, root}}, {"GET", "/cloud/users/otto/groups/details", nil, []string{member, lead, users, root}},
		{"GET", "/cloud/users/oda/subadmins", nil, managers}, {"GET", "/cloud/users/oda/subadmins/details", nil, managers},
		{"GET", "/cloud/groups", nil, []string{lead, users, groups, root}}, {"GET", "/cloud/groups/details", nil, []string{lead, users, groups, root}},
		{"GET", "/cloud/groups/otters", nil, []string{member, lead, users, groups, root}},
		{"GET", "/cloud/groups/otters/users", nil, []string{member, lead, users, groups, root}}, {"GET", "/cloud/groups/orcas/users", nil, []string{users, groups, root}},
		{"GET", "/cloud/groups/otters/users/details", nil, staff}, {"GET", "/cloud/groups/otters/subadmins", nil, []string{groups, root}},
		{"GET", "/cloud/apps", nil, []string{root}}, {"GET", "/cloud/apps/files", nil, []string{root}}, {"POST", "/cloud/apps/files", nil, []string{root}},
		{"DELETE", "/cloud/apps/none", nil, []string{root}}, {"GET", "/apps/administration/api/v1/parts", nil, []string{root}},
		{"GET", config + "apps", nil, []string{root}}, {"GET", config + "apps/core", nil, []string{root}}, {"GET", config + "apps/core/x", nil, []string{root}},
		{"POST", config + "apps/core/x", []string{"value", "1"}, []string{root}}, {"DELETE", config + "apps/core/x", nil, []string{root}},
		{"POST", config + "apps/core/instanceid", []string{"value", "1"}, nil}, {"GET", config + "apps/core/secret", nil, nil},
		{"POST", config + "apps/system/url", []string{"value", "1"}, nil},
		{"POST", config + "users/x", nil, nil}, {"DELETE", config + "users/x", nil, nil},
		{"POST", config + "users/x/y", nil, nil}, {"DELETE", config + "users/x/y", nil, nil},
	}, []attempt{
		create(managers), create(staff, "groups[]", "otters"), create(managers, "groups[]", "orcas"), create([]string{root}, "groups[]", "admin"),
		create([]string{root}, "groups[]", "keys"), create(nil, "subadmin[]", "admin"), create(managers, "groups[]", "otters", "subadmin[]", "otters"),
		change("otto", "displayname", "Changed", member, lead, users, root), change("otto", "password", "a new password", member, lead, users, root),
		change("otto", "quota", "1 GB", lead, users, root), change("otto", "manager", "oda", lead, users, root), change("otto", "phoneScope", "v2-private", member),
		change("oda", "password", "a new password", users, root), change("mia", "password", "a new password", root), change("mia", "email", "x@y.example", root),
		change("admin", "password", "a new password", root), change("admin", "email", "x@y.example", root), change("uma", "quota", "none", root),
		change("olga", "quota", "none", users, root), change("ghost", "displayname", "x"),
		change("hank", "displayname", "Changed", users, root), change("hank", "password", "a new password", users, root),
		{"PUT", "/cloud/users/admin/additional_mail", []string{"key", "admin2@oracle.example", "value", "x@y.example"}, []string{root}},
		{"PUT", "/cloud/users/otto/disable", nil, staff}, {"PUT", "/cloud/users/otto/enable", nil, staff}, {"PUT", "/cloud/users/oda/disable", nil, managers},
		{"PUT", "/cloud/users/admin/disable", nil, nil}, {"PUT", "/cloud/users/mia/disable", nil, []string{root}},
		{"DELETE", "/cloud/users/otto", nil, staff}, {"DELETE", "/cloud/users/oda", nil, managers}, {"DELETE", "/cloud/users/admin", nil, nil},
		{"DELETE", "/cloud/users/mia", nil, []string{root}},
		{"POST", "/cloud/users/otto/wipe", nil, staff}, {"POST", "/cloud/users/mia/wipe", nil, []string{root}}, {"POST", "/cloud/users/otto/welcome", nil, staff},
		{"POST", "/cloud/users/mia/welcome", nil, []string{root}},
	}, []attempt{
		put("otto", "otters", lead, users, groups, root), put("otto", "orcas", users, groups, root), put("oda", "otters", users, groups, root),
		put("otto", "admin", root), put("alice", "admin", root), put("olga", "admin", root), put("uma", "admin", root), put("gus", "admin", root),
		put("uma", "keys", root), put("gus", "keys", root), put("olga", "keys", root), put("otto", "keys", root), put("admin", "otters", root),
		take("oda", "orcas", users, groups, root), take("otto", "otters", users, groups, root), take("admin", "admin"), take("mia", "staff", root),
		{"POST", "/cloud/users/oda/subadmins", []string{"groupid", "orcas"}, managers}, {"DELETE", "/cloud/users/olga/subadmins", []string{"groupid", "otters"}, managers},
		{"POST", "/cloud/users/oda/subadmins", []string{"groupid", "admin"}, nil},
		{"POST", "/cloud/groups", []string{"groupid", "made"}, []string{groups, root}}, {"DELETE", "/cloud/groups/staff", nil, []string{groups, root}},
		{"DELETE", "/cloud/groups/admin", nil, nil}, {"PUT", "/cloud/groups/staff", []string{"key", "displayname", "value", "S"}, []string{groups, root}},
		{"PUT", "/cloud/groups/admin", []string{"key", "displayname", "value", "S"}, []string{root}},
	})
}

// population adds those of the matrix to the recorded accounts.
func (g *rig) population() {
	ctx := g.t.Context()
	g.must(g.dir.CreateGroup(ctx, "keys", ""))
	g.must(g.dir.AddGroupAdmin(ctx, "keys", "olga")) // who still has not what the group gives
	g.must(g.dir.AddGroupAdmin(ctx, "otters", "olga"))
	g.dir.Policy = nil
	for _, n := range []identity.NewUser{{ID: "uma"}, {ID: "gus"}, {ID: "mia", Groups: []string{"staff"}}} {
		n.Password, n.Mail = n.ID, n.ID+"@oracle.example"
		_, err := g.dir.Create(ctx, n)
		g.must(err)
	}
	_, err := g.dir.Create(ctx, identity.NewUser{ID: "hank", Groups: []string{"otters"}, Leads: []string{"orcas"}})
	g.must(err)
	g.must(g.dir.SetField(ctx, "admin", "additional_mail", "admin2@oracle.example"))
	own := map[string][]string{"uma": {RightUsers}, "gus": {RightGroups}, "mia": {"audit"}}
	g.dir.Roles = func(_ context.Context, uid string, groups []string) ([]string, who.FileRight, error) {
		rights := slices.Clone(own[uid])
		if slices.Contains(groups, "keys") {
			rights = append(rights, "settings")
		}
		return rights, 0, nil
	}
	g.rights = own
}

// state is all that a call might change.
func (g *rig) state() string {
	var b strings.Builder
	for _, q := range []string{
		"SELECT uid || '|' || display || '|' || mail || '|' || pass || '|' || quota || '|' || enabled || '|' || language FROM account ORDER BY uid",
		"SELECT gid || '|' || display FROM grp ORDER BY gid", "SELECT gid || '|' || uid || '|' || role FROM grp_member ORDER BY gid, uid, role",
		"SELECT uid || '|' || name || '|' || seq || '|' || value || '|' || scope FROM account_field ORDER BY uid, name, seq",
		"SELECT app || '|' || name || '|' || value FROM setting ORDER BY app, name",
	} {
		rows, err := db.List(g.t.Context(), g.db, db.Scan1[string], q)
		g.must(err)
		fmt.Fprintln(&b, strings.Join(rows, "\n"))
	}
	return b.String() + fmt.Sprint(g.post)
}

// tables are those that state looks at, and what else may change.
func tables() []string {
	return []string{"account", "grp", "grp_member", "account_field", "setting", "token"}
}

// keep remembers all tables, and back puts them back.
func (g *rig) keep() (back func()) {
	for _, t := range tables() {
		_, err := g.db.Exec(g.t.Context(), "CREATE TABLE kept_"+t+" AS SELECT * FROM "+t)
		g.must(err)
	}
	return func() {
		g.must(g.db.Tx(g.t.Context(), func(tx *db.DB) error {
			for _, t := range tables() {
				for _, q := range []string{"DELETE FROM " + t, "INSERT INTO " + t + " SELECT * FROM kept_" + t} {
					if _, err := tx.Exec(g.t.Context(), q); err != nil {
						return err
					}
				}
			}
			return nil
		}))
		g.post = nil
		g.dir.Void()
	}
}

func TestEscalationMatrix(t *testing.T) {
	g := lite(t)
	g.population()
	for _, c := range callers() {
		g.ask(c, "GET", "/cloud/user", nil) // so that the login is noted
	}
	before, back := g.state(), g.keep()
	tried := map[string]bool{}
	for _, a := range escalations() {
		tried[g.route(a)] = true
		if code := g.ask("", a.method, a.path, nil, a.form...); code != 997 && code != 429 {
			t.Errorf("nobody: %s %s is %d", a.method, a.path, code)
		}
		for _, caller := range callers() {
			var data any
			code := g.ask(caller, a.method, a.path, &data, a.form...)
			allowed := slices.Contains(a.allowed, caller)
			if (code == 200) != allowed {
				t.Errorf("%s: %s %s %v is %d %v, allowed: %v", caller, a.method, a.path, a.form, code, data, allowed)
			}
			after := g.state()
			if !allowed && after != before {
				t.Errorf("%s: %s %s %v was refused and changed something", caller, a.method, a.path, a.form)
			}
			if after != before || allowed && a.method != "GET" {
				back()
			}
		}
	}
	for _, r := range g.mux.Routes() {
		if strings.HasPrefix(r.Pattern, "/ocs/v2.php/") && !tried[r.Method+" "+r.Pattern] {
			t.Errorf("%s %s is tried by nobody: add a line to escalations", r.Method, r.Pattern)
		}
	}
}

// route is the row of the route table that an attempt meets.
func (g *rig) route(a attempt) (found string) {
	best := 99
	for _, r := range g.mux.Routes() {
		if n := strings.Count(r.Pattern, "{"); r.Method == a.method && n < best && fits(r.Pattern, "/ocs/v2.php"+a.path) {
			found, best = r.Method+" "+r.Pattern, n
		}
	}
	return found
}

// fits tells whether a path may be one of a pattern's.
func fits(pattern, path string) bool {
	p, q := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i := range p {
		if len(p) != len(q) || p[i] != q[i] && !strings.HasPrefix(p[i], "{") {
			return false
		}
	}
	return true
}

// A credential that is limited does not do what its owner's office allows.
func TestScopesOfTokensHoldHere(t *testing.T) {
	for _, c := range []struct {
		scope *who.Scope
		see   int // oda's record
		edit  int
		self  int
	}{
		{nil, 200, 200, 200},
		{&who.Scope{Rooms: []string{who.AccountRoom}}, 998, 998, 200},
		{&who.Scope{Rooms: []string{who.FilesRoom}}, 998, 403, 403},
		{&who.Scope{Verbs: who.Read}, 200, 403, 403},
		{&who.Scope{Rooms: []string{who.AccountRoom, who.AdminRoom}}, 200, 200, 200},
	} {
		g := lite(t)
		g.scopes[root] = c.scope
		g.want(200, root, "GET", "/cloud/user")
		g.want(c.see, root, "GET", "/cloud/users/oda")
		g.want(c.edit, root, "PUT", "/cloud/users/oda", "key", "role", "value", "x")
		g.want(c.self, root, "PUT", "/cloud/users/admin", "key", "role", "value", "x")
	}
}
