package ldap

import (
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/feature/ldap/gone"
)

func TestSignIn(t *testing.T) {
	each(t, func(g *rig) {
		alice := g.person("alice", "employeeType", "5 GB", "telephoneNumber", "+46701234567")
		g.person("böb", "mail", "bob2@corp.example")
		g.group("Crew Nord", alice)
		g.set("ldapQuotaAttribute", "employeeType", "ldapQuotaDefault", "1 GB", "ldapAttributePhone", "telephoneNumber", "ldapLoginFilterEmail", "1")

		if uid, err := g.signIn("alice", "pw"); uid != "alice" || err != nil {
			t.Fatal(uid, err)
		}
		u := must[*identity.User](t)(g.dir.User(t.Context(), "alice"))
		if u.Source != Source || u.Display != "ALICE" || u.Mail != "alice@corp.example" || u.Quota != 5<<30 {
			t.Errorf("%+v", u)
		}
		if p, err := g.dir.Profile(t.Context(), u); err != nil || p.Get("phone").Value != "+46701234567" {
			t.Errorf("%+v, %v", p, err)
		}
		if got := g.groups("alice"); !slices.Equal(got, []string{"Crew_Nord"}) {
			t.Errorf("groups %v", got)
		}
		if c, err := g.dir.Group(t.Context(), "Crew_Nord"); err != nil || c.Display != "Crew Nord" || c.Source != Source {
			t.Errorf("%+v, %v", c, err)
		}
		if uid, err := g.signIn("bob2@corp.example", "pw"); uid != "bob" || err != nil {
			t.Errorf("by mail, and in ASCII: %q, %v", uid, err)
		}
		if b := must[*identity.User](t)(g.dir.User(t.Context(), "bob")); b.Quota != 1<<30 {
			t.Errorf("quota of somebody without one: %d", b.Quota)
		}

		// What is in the directory by now comes with the next sign-in.
		g.change(alice, "displayName", "Alice A.")
		g.change(alice, "mail")
		if _, err := g.signIn("alice", "pw"); err != nil {
			t.Fatal(err)
		}
		if u := must[*identity.User](t)(g.dir.User(t.Context(), "alice")); u.Display != "Alice A." || u.Mail != "" {
			t.Errorf("%+v", u)
		}
		if err := g.dir.SetField(t.Context(), "alice", "displayname", "Queen"); !errors.Is(err, fault.Denied) {
			t.Errorf("a name that the directory keeps: %v", err)
		}
	})
}

func TestWhoStaysOut(t *testing.T) {
	each(t, func(g *rig) {
		alice := g.person("alice")
		g.person("root")
		g.add("cn=nobody,ou=people,"+g.branch, "organizationalRole simpleSecurityObject", "userPassword", "pw")
		g.set("ldapLoginFilter", "(|(uid=%uid)(cn=%uid))")
		must[*identity.User](t)(g.dir.Create(t.Context(), identity.NewUser{ID: "Root", Password: "local", Groups: []string{identity.AdminGroup}}))
		for _, no := range [][2]string{{"alice", "wrong"}, {"alice", ""}, {"", "pw"}, {"*", "pw"}, {"al*", "pw"}, {"alice)(uid=*", "pw"}, {"nobody", "pw"},
			{"root", "pw"}, {"alice\x00", "pw"}} {
			if uid, err := g.signIn(no[0], no[1]); !errors.Is(err, fault.Anonymous) {
				t.Errorf("%q: %q, %v", no, uid, err)
			}
		}
		if uid, err := g.signIn("mx root", "pw"); !errors.Is(err, fault.Conflict) {
			t.Errorf("somebody's account by its name: %q, %v", uid, err)
		}
		if uid, err := g.signIn("root", "local"); uid != "Root" || err != nil {
			t.Errorf("our own account: %q, %v", uid, err)
		}
		if _, err := g.signIn("alice", "pw"); err != nil {
			t.Fatal(err)
		}
		g.remove(alice)
		if _, err := g.signIn("alice", "pw"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("after the entry is gone: %v", err)
		}
	})
}

// Whoever is renamed or moved keeps the account; who comes after them under the old
// name does not get it.
func TestAnEntryIsKnownByItsID(t *testing.T) {
	each(t, func(g *rig) {
		alice := g.person("alice", "employeeNumber", "7")
		g.set("ldapExpertUUIDUserAttr", "employeeNumber")
		if _, err := g.signIn("alice", "pw"); err != nil {
			t.Fatal(err)
		}
		g.remove(alice)
		g.person("alicia", "employeeNumber", "7")
		g.person("alice", "employeeNumber", "8")
		if uid, err := g.signIn("alicia", "pw"); uid != "alice" || err != nil {
			t.Errorf("renamed: %q, %v", uid, err)
		}
		if _, err := g.room.Lookup(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
		if uid, err := g.signIn("alice", "pw"); err == nil {
			t.Errorf("another person got the account %q", uid)
		}
	})
}

func TestNoAnswerIsNoWrongPassword(t *testing.T) {
	each(t, func(g *rig) {
		g.person("alice")
		if _, err := g.signIn("alice", "pw"); err != nil {
			t.Fatal(err)
		}
		l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
		nowhere := "ldap://" + l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		was := g.config.get("ldapHost")
		for what, change := range map[string][]string{"down": {"ldapHost", nowhere}, "the wrong agent": {"ldapAgentPassword", "wrong"},
			"the wrong base": {"ldapBase", "ou=nowhere," + g.branch}} {
			g.set(change...)
			for _, login := range []string{"alice", "somebody"} {
				if _, err := g.signIn(login, "pw"); !errors.Is(err, fault.Unavailable) {
					t.Errorf("%s: %s: %v", what, login, err)
				}
			}
			if _, err := g.room.Sync(t.Context(), Write); !errors.Is(err, fault.Unavailable) {
				t.Errorf("%s: sync: %v", what, err)
			}
			g.set("ldapHost", was, "ldapAgentPassword", "reader", "ldapBase", g.branch)
		}
		if left := must[[]gone.Account](t)(g.room.gone.All(t.Context())); len(left) > 0 {
			t.Errorf("gone: %v", left)
		}
		if uid, err := g.signIn("alice", "pw"); uid != "alice" || err != nil {
			t.Errorf("afterwards: %q, %v", uid, err)
		}
	})
}

// A server that takes connections and says nothing is given up, and passed over by
// who comes next.
func TestBackupServer(t *testing.T) {
	once(t, func(g *rig) {
		g.person("alice")
		mute := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
		defer mute.Close()
		g.set("ldapBackupHost", g.config.get("ldapHost"), "ldapHost", "ldap://"+mute.Addr().String())
		for range 2 {
			if _, err := g.room.Verify(t.Context(), "alice", "pw"); err != nil {
				t.Error(err)
			}
		}
		last := must[net.Conn](t)(net.Dial("tcp", mute.Addr().String()))
		defer last.Close()
		for asked := 0; ; asked++ { // in the order in which they came
			c := must[net.Conn](t)(mute.Accept())
			defer c.Close()
			if c.RemoteAddr().String() == last.LocalAddr().String() {
				if asked != 1 {
					t.Errorf("the mute server was asked %d times", asked)
				}
				break
			}
		}
		g.set("ldapOverrideMainServer", "1")
		if _, err := g.signIn("alice", "pw"); err != nil {
			t.Error(err)
		}
	})
}

func TestSafeLine(t *testing.T) {
	once(t, func(g *rig) {
		g.person("alice")
		ca := string(must[[]byte](t)(os.ReadFile(os.Getenv("TEST_LDAP_CA"))))
		plain, safe := g.config.get("ldapHost"), os.Getenv("TEST_LDAPS")
		for _, c := range []struct {
			what, host, startTLS, ca, unchecked string
			opens                               bool
		}{
			{"StartTLS", plain, "1", ca, "0", true},
			{"ldaps", safe, "0", ca, "0", true},
			{"both", safe, "1", ca, "0", true},
			{"StartTLS, an authority of its own that we were not told of", plain, "1", "", "0", false},
			{"ldaps, the same", safe, "0", "", "0", false},
			{"the same, unchecked", safe, "0", "", "1", true},
		} {
			g.set("ldapHost", c.host, "ldapTLS", c.startTLS, "ldapCA", c.ca, "turnOffCertCheck", c.unchecked)
			if _, err := g.signIn("alice", "pw"); c.opens != (err == nil) || !c.opens && !errors.Is(err, fault.Unavailable) {
				t.Errorf("%s: %v", c.what, err)
			}
			if p, err := g.room.Probe(t.Context(), g.config); c.opens && (err != nil || !p.Safe || !slices.Equal(p.People, []string{"alice"})) {
				t.Errorf("%s: %+v, %v", c.what, p, err)
			}
		}
	})
}

// Connections that the server has closed meanwhile are no reason to refuse anybody.
func TestConnectionsAreKept(t *testing.T) {
	once(t, func(g *rig) {
		g.person("alice")
		for range 3 {
			if _, err := g.signIn("alice", "pw"); err != nil {
				t.Fatal(err)
			}
		}
		p := must[*pool](t)(g.room.pool(g.config))
		if len(p.idle[searching]) != 1 || len(p.idle[trying]) != 1 {
			t.Errorf("%d and %d connections for one at a time", len(p.idle[searching]), len(p.idle[trying]))
		}
		for _, why := range []purpose{searching, trying} {
			p.idle[why][0].drop()
		}
		if _, err := g.signIn("alice", "pw"); err != nil {
			t.Error(err)
		}
		if got := p.servers[0]; !strings.HasPrefix(got, "ldap://") {
			t.Errorf("server %q", got)
		}
	})
}
