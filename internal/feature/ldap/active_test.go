package ldap

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/feature/ldap/entries"
	"atrium/internal/infra/db/dbtest"
)

const (
	domain    = "DC=ad,DC=test"
	adminAD   = "Administrator@AD.TEST"
	adSecret  = "Secret-1234"
	adUserPW  = "Pass-word-1"
	uacNormal = "512"
	uacLocked = "514"
)

// controller is a rig with a branch of its own in the domain controller that TEST_AD
// names (scripts/services up samba-ad). Tests that talk to one run where there is one;
// the build machine must have it.
func controller(t *testing.T, f func(g *rig)) {
	t.Helper()
	address := os.Getenv("TEST_AD")
	if address == "" && os.Getenv("CI") != "" {
		t.Fatal("no domain controller to test with: scripts/services up samba-ad, and TEST_AD as scripts/services env prints it")
	}
	if address == "" {
		return
	}
	g := &rig{T: t, now: time.Unix(1_800_000_000, 0), branch: "OU=" + rand.Text() + "," + domain}
	g.house(t, dbtest.SQLite(t, schemas()...))
	var err error
	if g.admin, err = ldap.DialURL(address, ldap.DialWithTLSConfig(&tls.Config{InsecureSkipVerify: true})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.fell)
	if err := g.admin.Bind(adminAD, adSecret); err != nil {
		t.Fatal(err)
	}
	g.add(g.branch, "organizationalUnit")
	ca := must[[]byte](t)(os.ReadFile(filepath.Join(os.Getenv("TEST_AD_DIR"), "cert.pem")))
	g.config = must[*Config](t)(g.room.Create(t.Context()))
	g.set("ldapHost", address, "ldapCA", string(ca), "ldapBase", g.branch, "ldapAgentName", adminAD, "ldapAgentPassword", adSecret,
		"ldapUserFilter", "(&(objectCategory=person)(objectClass=user))", "ldapExpertUsernameAttr", "sAMAccountName",
		"ldapGroupFilter", "(objectClass=group)", "ldapGroupMemberAssocAttr", "member", "ldapPagingSize", "3", "ldapConfigurationActive", "1")
	f(g)
}

// member makes a person in the domain.
func (g *rig) member(name string) (dn string) {
	g.Helper()
	var quoted []byte
	for _, u := range utf16.Encode([]rune(`"` + adUserPW + `"`)) {
		quoted = binary.LittleEndian.AppendUint16(quoted, u)
	}
	dn = "CN=" + name + "," + g.branch
	g.add(dn, "user", "sAMAccountName", name, "displayName", "Mx "+name, "unicodePwd", string(quoted), "userAccountControl", uacNormal)
	return dn
}

// circle makes a group in the domain.
func (g *rig) circle(name string, members ...string) (dn string) {
	g.Helper()
	dn = "CN=" + name + "," + g.branch
	attributes := []string{"sAMAccountName", name}
	for _, m := range members {
		attributes = append(attributes, "member", m)
	}
	g.add(dn, "group", attributes...)
	return dn
}

// own returns names that nobody else has in the domain, where other tests run too.
func own(names ...string) []string {
	suffix := strings.ToLower(rand.Text()[:8])
	for i := range names {
		names[i] += suffix
	}
	return names
}

func (g *rig) rid(dn string) string {
	g.Helper()
	r := must[*ldap.SearchResult](g)(g.admin.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, 0, 1, 0, false, "(objectClass=*)", []string{"objectSid"}, nil)))
	sid := r.Entries[0].GetRawAttributeValue("objectSid")
	return strconv.Itoa(int(binary.LittleEndian.Uint32(sid[len(sid)-4:])))
}

// Each way in which Active Directory tells who is in which group, with the one that is
// in no list: the primary group.
func TestGroupsOfActiveDirectory(t *testing.T) {
	for _, way := range []struct {
		name     string
		settings []string
		nested   bool
	}{
		{"lists of members", nil, false},
		{"lists of members, nested", []string{"ldapNestedGroups", "1"}, true},
		{"lists of members, in a chain", []string{"ldapNestedGroups", "1", "ldapMatchingRuleInChainState", "available"}, true},
		{"memberOf", []string{"hasMemberOfFilterSupport", "1"}, false},
		{"memberOf, nested", []string{"hasMemberOfFilterSupport", "1", "ldapNestedGroups", "1"}, true},
	} {
		t.Run(way.name, func(t *testing.T) {
			controller(t, func(g *rig) {
				names := own("alice", "company", "crew", "home", "house", "world")
				alice := g.member(names[0])
				crew, home := g.circle(names[2], alice), g.circle(names[3], alice)
				g.change(alice, "primaryGroupID", g.rid(home))
				g.circle(names[5], g.circle(names[1], crew))
				g.circle(names[4], home)
				g.set(way.settings...)
				if _, err := g.signIn(names[0], adUserPW); err != nil {
					t.Fatal(err)
				}
				want := []string{names[2], names[3]}
				if way.nested {
					want = names[1:]
				}
				if got := g.groups(names[0]); !slices.Equal(got, want) {
					t.Errorf("signing in: %v, want %v", got, want)
				}
				if r := g.sync(Dry); len(r.Changes) > 0 {
					t.Errorf("a sync sees it otherwise: %+v", r.Changes[0])
				}
			})
		})
	}
}

// Who is renamed and moved in the domain keeps the account, by the objectGUID; who is
// locked there is locked here.
func TestPeopleOfActiveDirectory(t *testing.T) {
	controller(t, func(g *rig) {
		names := own("alice", "alicia", "bob")
		alice, bob := g.member(names[0]), g.member(names[2])
		for _, name := range []string{names[0], names[2]} {
			if uid, err := g.signIn(name, adUserPW); uid != name || err != nil {
				t.Fatalf("%q %v", uid, err)
			}
		}
		links := must[[]identity.Link](t)(g.dir.Links(t.Context(), names[0]))
		if len(links) != 1 || len(links[0].Subject) != len("s01/")+36 {
			t.Errorf("%+v", links)
		}
		g.add("OU=Moved,"+g.branch, "organizationalUnit")
		g.change(alice, "sAMAccountName", names[1])
		if err := g.admin.ModifyDN(ldap.NewModifyDNRequest(alice, "CN="+names[1], true, "OU=Moved,"+g.branch)); err != nil {
			t.Fatal(err)
		}
		if uid, err := g.signIn(names[1], adUserPW); uid != names[0] || err != nil {
			t.Errorf("renamed: %q %v", uid, err)
		}
		if l := must[*identity.Login](t)(g.room.Person(t.Context(), names[1])); l.Subject != links[0].Subject {
			t.Errorf("%+v", l)
		}
		g.change(bob, "userAccountControl", uacLocked)
		if uid, err := g.signIn(names[2], adUserPW); !errors.Is(err, fault.Anonymous) {
			t.Errorf("locked: %q %v", uid, err)
		}
		if _, err := g.room.Person(t.Context(), names[2]); !errors.Is(err, fault.Denied) {
			t.Errorf("locked, with a ticket: %v", err)
		}
		if r := g.sync(Write); !slices.Equal(r.Gone, []string{names[2]}) {
			t.Errorf("%+v", r)
		}
		if u := must[*identity.User](t)(g.dir.User(t.Context(), names[2])); u.Enabled {
			t.Error("the account is not locked")
		}
		if uid, err := g.signIn(names[1], "wrong"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("wrong password: %q %v", uid, err)
		}
	})
}

// Active Directory tells by another attribute what has changed.
func TestPicturesOfActiveDirectory(t *testing.T) {
	controller(t, func(g *rig) {
		f := &faces{of: map[string]string{}, marks: map[string]string{}}
		g.room.SetPortrait, g.now = f.set, time.Now()
		name := own("bob")[0]
		bob := g.member(name)
		for _, picture := range []string{photo(t, color.NRGBA{255, 0, 0, 255}), photo(t, color.NRGBA{0, 0, 255, 255})} {
			g.change(bob, "thumbnailPhoto", picture)
			if g.sync(Write); f.of[name] != picture {
				t.Errorf("a picture of %d bytes, want %d", len(f.of[name]), len(picture))
			}
		}
		g.change(bob, "thumbnailPhoto")
		if g.sync(Write); f.of[name] != "" {
			t.Error("a picture that is gone there is here")
		}
	})
}

// A group of more members than come in one answer is read to its end.
func TestGroupsInParts(t *testing.T) {
	controller(t, func(g *rig) {
		p := must[*pool](t)(g.room.pool(g.config))
		e := must[*ldap.Entry](t)(p.entry(t.Context(), "CN=crowd,OU=Crowd,"+domain, "member;range=0-499"))
		if entries.RangeEnd(e, "member") != "499" {
			t.Fatalf("%v", e.Attributes)
		}
		all := must[[]string](t)(p.rest(t.Context(), e, "member"))
		slices.Sort(all)
		if n := len(slices.Compact(all)); n != 1600 {
			t.Errorf("%d members", n)
		}
	})
}
