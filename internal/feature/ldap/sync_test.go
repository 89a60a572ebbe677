package ldap

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"

	"atrium/internal/feature/ldap/change"
	"atrium/internal/feature/ldap/gone"
)

func TestSync(t *testing.T) {
	each(t, func(g *rig) {
		ctx := t.Context()
		var all []string
		for i := range 8 {
			all = append(all, g.person(fmt.Sprintf("p%d", i)))
		}
		g.group("crew", all[:4]...)
		must[*identity.User](t)(g.dir.Create(ctx, identity.NewUser{ID: "p7"}))

		r := g.sync(Dry)
		if users, _, err := g.dir.CountUsers(ctx); err != nil || users != 1 || r.New != 7 || len(r.Changes) != 7 || len(r.Refused) != 1 {
			t.Fatalf("%d accounts after a dry run: %+v, %v", users, r, err)
		}
		// Three pages of people, one of groups.
		if r = g.sync(Write); r.People != 8 || r.New != 7 || r.Groups != 1 || len(r.Refused) != 1 || r.Searches != 4 {
			t.Fatalf("%+v", r)
		}
		if got := g.groups("p3"); !slices.Equal(got, []string{"crew"}) {
			t.Errorf("groups %v", got)
		}
		if r = g.sync(Dry); len(r.Changes) != 0 || r.New != 0 || len(r.Gone) != 0 {
			t.Errorf("nothing has changed, and yet %+v", r)
		}

		g.change(all[3], "displayName", "Three")
		g.change("cn=crew,ou=groups,"+g.branch, "member", all[0], all[1], all[5])
		r = g.sync(Dry)
		same, crew := map[string]change.Value{}, []string{"crew"}
		want := []*change.Change{{Account: "p2", Fields: same, Joins: []string{}, Leaves: crew},
			{Account: "p3", Fields: map[string]change.Value{"displayname": {From: "P3", To: "Three"}}, Joins: []string{}, Leaves: crew},
			{Account: "p5", Fields: same, Joins: crew, Leaves: []string{}}}
		if !reflect.DeepEqual(r.Changes, want) {
			t.Errorf("changes %+v", r.Changes)
		}
		if r = g.sync(Write); r.Changed != 3 || r.New != 0 {
			t.Errorf("%+v", r)
		}
		if len(g.groups("p3")) > 0 || !slices.Contains(g.groups("p5"), "crew") {
			t.Error(g.groups("p3"), g.groups("p5"))
		}
	})
}

// Who is no longer in the directory is locked and listed, keeps everything, and is
// let in again when the entry comes back.
func TestGoneAndBack(t *testing.T) {
	each(t, func(g *rig) {
		ctx := t.Context()
		alice, bob := g.person("alice"), g.person("bob")
		g.person("carol")
		g.sync(Write)
		if err := errors.Join(g.dir.CreateGroup(ctx, "friends", ""), g.dir.AddMember(ctx, "friends", "alice"), g.dir.Disable(ctx, "bob")); err != nil {
			t.Fatal(err)
		}
		g.remove(bob)
		g.change(alice, "employeeType", "left")
		g.set("ldapUserFilter", "(&(objectClass=inetOrgPerson)(!(employeeType=left)))")
		if r := g.sync(Write); !slices.Equal(r.Gone, []string{"alice", "bob"}) {
			t.Fatalf("%+v", r)
		}
		if r := g.sync(Write); len(r.Gone) > 0 {
			t.Errorf("twice: %+v", r)
		}
		if u := must[*identity.User](t)(g.dir.User(ctx, "alice")); u.Enabled || !slices.Equal(g.groups("alice"), []string{"friends"}) {
			t.Errorf("%+v %v", u, g.groups("alice"))
		}
		left := must[[]gone.Account](t)(g.room.gone.All(ctx))
		if want := []gone.Account{{UID: "alice", Since: g.now, Locked: true}, {UID: "bob", Since: g.now}}; !reflect.DeepEqual(left, want) {
			t.Errorf("remnants %+v", left)
		}
		g.person("bob")
		g.change(alice, "employeeType")
		if uid, err := g.signIn("alice", "pw"); uid != "alice" || err != nil {
			t.Errorf("alice is back: %q, %v", uid, err)
		}
		if r := g.sync(Write); len(r.Refused) != 1 { // another bob
			t.Errorf("%+v", r)
		}
		if left := must[[]gone.Account](t)(g.room.gone.All(ctx)); len(left) != 1 || left[0].UID != "bob" {
			t.Errorf("remnants %+v", left)
		}
		if err := g.dir.Remove(ctx, "bob"); err != nil {
			t.Fatal(err)
		}
		if left := must[[]gone.Account](t)(g.room.gone.All(ctx)); len(left) != 0 {
			t.Errorf("a deleted account is listed: %+v", left)
		}
	})
}

// A wrong filter must not lock a whole company out.
func TestManyLosses(t *testing.T) {
	once(t, func(g *rig) {
		for i := range 12 {
			g.person(fmt.Sprintf("p%02d", i))
		}
		g.sync(Write)
		for _, filter := range []string{"(uid=p01)", "(uid=none)"} {
			g.set("ldapUserFilter", filter)
			if _, err := g.room.Sync(t.Context(), Write); !errors.Is(err, fault.Conflict) {
				t.Errorf("%s: %v", filter, err)
			}
		}
		if r := g.sync(Dry); len(r.Gone) != 12 {
			t.Errorf("%+v", r)
		}
		if _, locked, err := g.dir.CountUsers(t.Context()); locked != 0 || err != nil {
			t.Errorf("%d locked, %v", locked, err)
		}
		if r := g.sync(Force); len(r.Gone) != 12 {
			t.Errorf("%+v", r)
		}
		g.set("ldapUserFilter", "(objectClass=inetOrgPerson)")
		if r := g.sync(Write); r.Back != 12 || r.Changed != 0 {
			t.Errorf("%+v", r)
		}
		if _, locked, err := g.dir.CountUsers(t.Context()); locked != 0 || err != nil {
			t.Errorf("%d locked, %v", locked, err)
		}
	})
}

// An account that comes from elsewhere takes groups and fields of the directory when
// somebody has linked the two, and is not locked when the entry goes.
func TestLinkedAccount(t *testing.T) {
	each(t, func(g *rig) {
		ctx := t.Context()
		alice := g.person("alice")
		g.group("crew", alice)
		must[*identity.User](t)(g.dir.Create(ctx, identity.NewUser{ID: "Alice", Password: "local"}))
		who := must[*identity.Login](t)(g.room.Lookup(ctx, "alice"))
		if err := g.dir.Link(ctx, Source, who.Subject, "Alice"); err != nil {
			t.Fatal(err)
		}
		if r := g.sync(Write); r.Changed != 1 || !slices.Equal(g.groups("Alice"), []string{"crew"}) {
			t.Errorf("%+v %v", r, g.groups("Alice"))
		}
		g.remove(alice)
		g.sync(Force)
		if uid, err := g.signIn("alice", "local"); uid != "Alice" || err != nil {
			t.Errorf("%q, %v", uid, err)
		}
	})
}

// A lock in the directory ends the sign-in, and with the next sync all else.
func TestLockedInTheDirectory(t *testing.T) {
	once(t, func(g *rig) {
		alice := g.person("alice")
		g.sync(Write)
		g.change(alice, "objectClass", "inetOrgPerson", "extensibleObject")
		g.change(alice, "userAccountControl", "514")
		if _, err := g.signIn("alice", "pw"); !errors.Is(err, fault.Anonymous) {
			t.Error(err)
		}
		g.sync(Force)
		if u := must[*identity.User](t)(g.dir.User(t.Context(), "alice")); u.Enabled {
			t.Error("not locked here")
		}
	})
}

// What lies below two bases is there once.
func TestBasesThatOverlap(t *testing.T) {
	once(t, func(g *rig) {
		g.group("crew", g.person("alice"))
		g.set("ldapBase", g.branch+";ou=people,"+g.branch+"\nou=groups,"+g.branch)
		if r := g.sync(Write); r.New != 1 || r.Groups != 1 || len(r.Refused) > 0 {
			t.Errorf("%+v", r)
		}
		if uid, err := g.signIn("alice", "pw"); uid != "alice" || err != nil || !slices.Equal(g.groups("alice"), []string{"crew"}) {
			t.Errorf("%q, %v, %v", uid, err, g.groups("alice"))
		}
	})
}
