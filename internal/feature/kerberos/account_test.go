package kerberos

import (
	"context"
	"errors"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
)

func TestNamesOfPrincipals(t *testing.T) {
	two := []string{"CORP.EXAMPLE", "LAB.EXAMPLE"}
	for _, c := range []struct {
		principal, strip, lower, id, subject string
		err                                  error
	}{
		{"Alice@CORP.EXAMPLE", stripFirst, "0", "Alice", "Alice@CORP.EXAMPLE", nil},
		{"Alice@CORP.EXAMPLE", stripFirst, "1", "alice", "alice@CORP.EXAMPLE", nil},
		{"alice@LAB.EXAMPLE", stripFirst, "0", "alice@lab.example", "alice@LAB.EXAMPLE", nil},
		{"alice@LAB.EXAMPLE", stripAll, "0", "alice", "alice@LAB.EXAMPLE", nil},
		{"alice@CORP.EXAMPLE", stripNone, "0", "alice@corp.example", "alice@CORP.EXAMPLE", nil},
		{"böb@CORP.EXAMPLE", stripFirst, "0", "bob", "böb@CORP.EXAMPLE", nil},
		{"alice@EVIL.EXAMPLE", stripAll, "0", "", "", errRealm},
		{"alice@corp.example", stripFirst, "0", "", "", errRealm},
		{"pc1$@CORP.EXAMPLE", stripFirst, "0", "", "", errName},
		{"HTTP/host@CORP.EXAMPLE", stripFirst, "0", "", "", errName},
		{"alice\x00@CORP.EXAMPLE", stripFirst, "0", "", "", errName},
		{"@CORP.EXAMPLE", stripFirst, "0", "", "", errName},
		{"日本@CORP.EXAMPLE", stripFirst, "0", "", "", errName},
	} {
		p, err := parsePrincipal(c.principal)
		var l identity.Login
		if err == nil {
			l, _, err = config{"strip_realm": c.strip, "lower_case": c.lower}.login(p, two)
		}
		if l.ID != c.id || l.Subject != c.subject || !errors.Is(err, c.err) {
			t.Errorf("%s, %s: %q %q %v", c.principal, c.strip, l.ID, l.Subject, err)
		}
	}
	// A name of one part with an at in it is somebody of this realm, who must not pass for somebody of that one.
	if _, err := person([]string{"alice@CORP.EXAMPLE"}, "LAB.EXAMPLE"); !errors.Is(err, errName) {
		t.Error(err)
	}
}

// Whose account there is already: nobody gets it by its name alone, unless names mean
// the same people, and that of an administrator never.
func TestAccountsOfOthers(t *testing.T) {
	each(t, func(g *rig) {
		must[*identity.User](t)(g.dir.Create(t.Context(), identity.NewUser{ID: "alice", Password: "local"}))
		must[*identity.User](t)(g.dir.Create(t.Context(), identity.NewUser{ID: "bob", Password: "local", Groups: []string{identity.AdminGroup}}))
		alice, bob := g.holder("alice", "ATRIUM.TEST", "HTTP/localhost"), g.holder("bob", "ATRIUM.TEST", "HTTP/localhost")
		if got := g.enters(alice.token()); got != "" {
			t.Errorf("by the name alone: %q", got)
		}
		g.set("adopt_accounts", "1")
		if a, b := g.enters(alice.token()), g.enters(bob.token()); a != "alice" || b != "" {
			t.Errorf("%q, and the administrator %q", a, b)
		}
		if err := g.dir.Link(t.Context(), Source, "bob@ATRIUM.TEST", "bob"); err != nil {
			t.Fatal(err)
		}
		g.set("require_provisioned_account", "1")
		carol := g.holder("carol", "ATRIUM.TEST", "HTTP/localhost")
		if b, c := g.enters(bob.token()), g.enters(carol.token()); b != "bob" || c != "" {
			t.Errorf("linked: %q; without an account: %q", b, c)
		}
	})
}

// Who is in a directory too is that person, whatever the id of the account.
func TestPeopleOfADirectory(t *testing.T) {
	once(t, func(g *rig) {
		down := false
		g.room.Person = func(_ context.Context, name string) (*identity.Login, error) {
			switch {
			case down:
				return nil, fault.Unavailable
			case name == "alice":
				return &identity.Login{Source: "dir", Subject: "1/77", ID: "77", Fields: map[string]string{"displayname": "Alice A."}}, nil
			}
			return nil, fault.NotFound
		}
		if p := must[*vouch.Prospect](t)(g.room.Try(t.Context(), "alice@ATRIUM.TEST")); p.Account != "77" || p.Known || !p.Refused.IsZero() {
			t.Errorf("%+v", p)
		}
		alice, bob := g.holder("alice", "ATRIUM.TEST", "HTTP/localhost"), g.holder("bob", "ATRIUM.TEST", "HTTP/localhost")
		if a, b := g.enters(alice.token()), g.enters(bob.token()); a != "77" || b != "bob" {
			t.Errorf("%q and %q", a, b)
		}
		if u := must[*identity.User](t)(g.dir.User(t.Context(), "77")); u.Source != "dir" || u.Display != "Alice A." {
			t.Errorf("%+v", u)
		}
		if p := must[*vouch.Prospect](t)(g.room.Try(t.Context(), "alice@ATRIUM.TEST")); p.Account != "77" || !p.Known {
			t.Errorf("%+v", p)
		}
		down = true
		if got := g.enters(alice.token()); got != "77" {
			t.Errorf("who is known already, without the directory: %q", got)
		}
		if got := g.ask(enter, g.holder("carol", "ATRIUM.TEST", "HTTP/localhost").token()); got.Code != 503 {
			t.Errorf("who may be known to it: %d", got.Code)
		}
	})
}
