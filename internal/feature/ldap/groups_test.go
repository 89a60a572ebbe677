package ldap

import (
	"errors"
	"slices"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
)

// Each way in which a directory tells who is in which group, at a sign-in and in a
// sync.
func TestWaysOfGroups(t *testing.T) {
	for _, way := range []struct {
		name     string
		settings []string
		want     []string
	}{
		{"lists of members", nil, []string{"crew"}},
		{"lists of members, nested", []string{"ldapNestedGroups", "1"}, []string{"company", "crew", "world"}},
		{"memberOf", []string{"hasMemberOfFilterSupport", "1"}, []string{"crew"}},
		{"memberOf, nested", []string{"hasMemberOfFilterSupport", "1", "ldapNestedGroups", "1"}, []string{"company", "crew", "world"}},
		{"names of members", []string{"ldapGroupFilter", "(objectClass=posixGroup)", "ldapGroupMemberAssocAttr", "memberUid"}, []string{"posix", "primary"}},
	} {
		t.Run(way.name, func(t *testing.T) {
			once(t, func(g *rig) {
				alice := "uid=alice,ou=people," + g.branch
				g.add(alice, "inetOrgPerson posixAccount", "cn", "Alice", "sn", "A", "uid", "alice", "userPassword", "pw", "uidNumber", "1",
					"gidNumber", "700", "homeDirectory", "/home/alice")
				crew := g.group("crew", alice)
				company := g.group("company", crew)
				world := g.group("world", company)
				g.group("others", "uid=nobody,"+g.branch)
				g.change(company, "member", crew, world) // a circle
				g.add("cn=posix,ou=groups,"+g.branch, "posixGroup", "gidNumber", "701", "memberUid", "alice")
				g.add("cn=primary,ou=groups,"+g.branch, "posixGroup", "gidNumber", "700")
				g.set(way.settings...)
				if _, err := g.signIn("alice", "pw"); err != nil {
					t.Fatal(err)
				}
				if got := g.groups("alice"); !slices.Equal(got, way.want) {
					t.Errorf("signing in: %v, want %v", got, way.want)
				}
				if r := g.sync(Dry); len(r.Changes) > 0 {
					t.Errorf("a sync sees it otherwise: %+v", r.Changes[0])
				}
			})
		})
	}
}

// Two groups of one name are two, one of ours is nobody else's, and a group that gets
// another name there stays the same here.
func TestGroupsAreKnownByTheirIDs(t *testing.T) {
	each(t, func(g *rig) {
		ctx := t.Context()
		if err := g.dir.CreateGroup(ctx, "staff", ""); err != nil {
			t.Fatal(err)
		}
		alice := g.person("alice")
		crew := g.group("crew", alice)
		staff := g.group("staff", alice)
		g.group("admin", alice)
		if _, err := g.signIn("alice", "pw"); err != nil {
			t.Fatal(err)
		}
		titles := func() (all []string) {
			for _, gid := range g.groups("alice") {
				all = append(all, must[identity.Group](t)(g.dir.Group(ctx, gid)).Display)
			}
			slices.Sort(all)
			return all
		}
		if got := titles(); !slices.Equal(got, []string{"admin", "crew", "staff"}) {
			t.Errorf("titles %v", got)
		}
		for _, ours := range []string{"staff", identity.AdminGroup} {
			if slices.Contains(g.groups("alice"), ours) {
				t.Errorf("in our own group %s", ours)
			}
		}
		g.add("ou=more,ou=groups,"+g.branch, "organizationalUnit")
		g.add("cn=crew,ou=more,ou=groups,"+g.branch, "groupOfNames", "member", "cn=nobody,"+g.branch)
		g.change(staff, "member", "cn=nobody,"+g.branch)
		g.change(crew, "cn", "crew", "The Crew")
		g.set("ldapGroupDisplayName", "description")
		g.change(crew, "description", "The Crew")
		if r := g.sync(Write); r.Renamed != 1 || r.Changed != 1 || r.Groups != 4 {
			t.Errorf("%+v", r)
		}
		if got := titles(); !slices.Equal(got, []string{"The Crew", "admin"}) || !slices.Contains(g.groups("alice"), "crew") {
			t.Errorf("titles %v of %v", got, g.groups("alice"))
		}
	})
}

func TestAdministratorsOfTheDirectory(t *testing.T) {
	once(t, func(g *rig) {
		alice := g.person("alice")
		bosses := g.group("bosses", alice)
		g.set("ldapAdminGroup", "bosses")
		if _, err := g.signIn("alice", "pw"); err != nil || !slices.Contains(g.groups("alice"), identity.AdminGroup) {
			t.Fatal(g.groups("alice"), err)
		}
		g.change(bosses, "member", "cn=nobody,"+g.branch)
		if r := g.sync(Write); r.Changed != 1 || slices.Contains(g.groups("alice"), identity.AdminGroup) {
			t.Errorf("%+v: %v", r, g.groups("alice"))
		}
	})
}

// Without the overlay nobody has memberOf, which must not empty all groups.
func TestMemberOfThatIsNotThere(t *testing.T) {
	once(t, func(g *rig) {
		g.person("alice")
		g.set("hasMemberOfFilterSupport", "1")
		if _, err := g.room.Sync(t.Context(), Write); !errors.Is(err, fault.Unavailable) {
			t.Error(err)
		}
	})
}
