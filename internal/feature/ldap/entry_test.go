package ldap

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/core/identity/vouch"
	"atrium/internal/feature/ldap/entries"
)

func testConfig(pairs ...string) *Config {
	c := &Config{ID: "s01", values: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		c.values[pairs[i]] = pairs[i+1]
	}
	return c
}

func TestPlainNames(t *testing.T) {
	for in, want := range map[string]string{" Ann-Sofie Åkesson ": "Ann-Sofie_Akesson", "müller/böse": "mullerbose", "Łukasz Weiß": "Lukasz_Weiss", "a.b_c@d-e": "a.b_c@d-e",
		"中文": "", "x\x00y": "xy", "a'b\"c": "abc"} {
		if got := vouch.PlainName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// The bytes of an objectGUID as Active Directory keeps them, and as its tools show it.
func TestObjectGUID(t *testing.T) {
	raw := string([]byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff})
	e := ldap.NewEntry("cn=a", map[string][]string{"objectGUID": {raw}})
	const text = "00112233-4455-6677-8899-AABBCCDDEEFF"
	if got, err := entries.ID(e, ""); got != text || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, want := entries.ByID(text, "objectGUID"), `(|(objectGUID=\33\22\11\00\55\44\77\66\88\99\aa\bb\cc\dd\ee\ff))`; got != want {
		t.Errorf("filter %s", got)
	}
	if _, err := ldap.CompileFilter(entries.ByID(text, "")); err != nil {
		t.Error(err)
	}
	if _, err := entries.ID(ldap.NewEntry("cn=a", map[string][]string{"objectGUID": {"short"}}), ""); err == nil {
		t.Error("half an objectGUID is taken")
	}
	if _, err := testConfig().read(ldap.NewEntry("cn=a", nil)); err == nil {
		t.Error("an entry without an id is taken")
	}
}

func TestReadingAnEntry(t *testing.T) {
	c := testConfig("ldapUserDisplayName2", "title", "ldapQuotaAttribute", "q", "ldapQuotaDefault", "1 GB", "ldapEmailAttribute", "MAIL")
	e := ldap.NewEntry("cn=a", map[string][]string{"entryuuid": {"u-1"}, "displayName;lang-de": {" Anna "}, "title": {"Dr."}, "mail": {"a@b.example", "c@d.example"},
		"q": {"lots"}})
	p, err := c.read(e)
	if err != nil {
		t.Fatal(err)
	}
	if l := p.login; l.ID != "u-1" || l.Subject != "s01/u-1" || l.Fields["displayname"] != "Anna (Dr.)" || l.Fields["email"] != "a@b.example" || *l.Quota != 1<<30 || l.Groups != nil {
		t.Errorf("%+v, quota %d", p.login, *p.login.Quota)
	}
	for name, entry := range map[string]map[string][]string{"Active Directory": {"userAccountControl": {"514"}}, "389": {"nsAccountLock": {"TRUE"}},
		"OpenLDAP": {"pwdAccountLockedTime": {"000001010000Z"}}} {
		if !entries.Locked(ldap.NewEntry("cn=a", entry)) {
			t.Errorf("locked by %s, and not seen", name)
		}
	}
	for _, entry := range []map[string][]string{nil, {"userAccountControl": {"512"}}, {"userAccountControl": {"x"}}, {"nsAccountLock": {"false"}}} {
		if entries.Locked(ldap.NewEntry("cn=a", entry)) {
			t.Errorf("%v counts as locked", entry)
		}
	}
	for _, part := range []string{"member;range=0-1499", "member;range=1-1", "member;range=0-x"} {
		if _, err := (&pool{}).rest(t.Context(), ldap.NewEntry("cn=g", map[string][]string{part: {"cn=a"}}), "member"); err == nil {
			t.Errorf("%s: a part of a list of members is taken for all of it", part)
		}
	}
}

func TestWhereServersAre(t *testing.T) {
	for _, c := range []struct{ host, port, want string }{
		{"dc1.example.com", "", "ldap://dc1.example.com:389"}, {"ldap://dc1/", "1389", "ldap://dc1:1389"}, {"ldaps://dc1", "", "ldaps://dc1:636"},
		{"ldap://dc1:700", "389", "ldap://dc1:700"}, {"ldap://[::1]", "389", "ldap://[::1]:389"}, {"", "389", ""},
	} {
		got, err := testConfig("ldapHost", c.host, "ldapPort", c.port).address("ldapHost", "ldapPort")
		if got != c.want || err != nil {
			t.Errorf("%s %s: %q, %v", c.host, c.port, got, err)
		}
	}
	for _, bad := range []string{"http://x", "ldap://u:p@x", "ldap://x/dc=y", "ldapi:///x", "ldap://"} {
		if got, err := testConfig("ldapHost", bad).address("ldapHost", "ldapPort"); err == nil {
			t.Errorf("%s: %q", bad, got)
		}
	}
}

func TestDNsAreFolded(t *testing.T) {
	for _, same := range [][2]string{{"CN=Ann, OU=A\\2c B,DC=x", "cn=ann,ou=a\\,\\20b,dc=X"}, {"not a dn", "NOT A DN"}} {
		if a, b := entries.FoldDN(same[0]), entries.FoldDN(same[1]); a != b {
			t.Errorf("%q and %q", a, b)
		}
	}
}

// Whatever somebody types is a value in a filter and never a part of its grammar.
func FuzzLoginFilter(f *testing.F) {
	for _, s := range []string{"alice", "*", "a)(uid=*", "\x00", "ü", `\2a`, "(", "%uid"} {
		f.Add(s)
	}
	c := testConfig("ldapLoginFilter", "(|(uid=%uid)(mail=%uid))", "ldapUserFilter", "(objectClass=person)")
	f.Fuzz(func(t *testing.T, login string) {
		packet, err := ldap.CompileFilter(c.loginFilter(login))
		if err != nil {
			if strings.ToValidUTF8(login, "") == login {
				t.Fatal(err)
			}
			return
		}
		if len(packet.Children) != 2 || len(packet.Children[1].Children) != 2 {
			t.Fatalf("%q changes the filter: %s", login, c.loginFilter(login))
		}
		for _, part := range packet.Children[1].Children {
			if part.Tag != ldap.FilterEqualityMatch || string(part.Children[1].ByteValue) != login && part.Children[1].Data.String() != login {
				t.Fatalf("%q is sent as %q", login, part.Children[1].Data.String())
			}
		}
	})
}

// Entries are what others write: reading one must not panic, and what comes out can
// be the name of an account.
func FuzzEntry(f *testing.F) {
	f.Add("entryUUID", "a-b", "uid", "Änne", "514")
	f.Add("objectGUID", "0123456789abcdef", "member;range=0-1", "cn=x", "-")
	c := testConfig("ldapExpertUsernameAttr", "uid", "ldapQuotaAttribute", "quota", "ldapEmailAttribute", "mail", "ldapGroupFilter", "(cn=*)")
	f.Fuzz(func(t *testing.T, idName, id, name, value, control string) {
		e := ldap.NewEntry("cn=x", map[string][]string{idName: {id}, name: {value}, "userAccountControl": {control}, "quota": {value}, "mail": {value}})
		if p, err := c.read(e); err == nil && (p.login.ID == "" || len(p.login.ID) > maxName || vouch.PlainName(p.login.ID) != p.login.ID) {
			t.Fatalf("%q is no name", p.login.ID)
		}
		if g, err := c.readGroup(e); err == nil {
			r := c.newRoster([]*group{g})
			if in := r.groupsOf(&person{dn: value}); len(in) > 1 || slices.Contains(in, nil) {
				t.Fatal(in)
			}
		}
	})
}
