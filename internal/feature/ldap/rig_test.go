package ldap

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/vouch"
	"atrium/internal/core/settings"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

const suffix = "dc=example,dc=org"

var home = netip.MustParsePrefix("192.0.2.0/24")

// slapd is the directory that TEST_LDAP names (scripts/services up slapd). Tests
// that talk to one run where there is one; the build machine must have it.
func slapd(t testing.TB) string {
	t.Helper()
	address := os.Getenv("TEST_LDAP")
	if address == "" && os.Getenv("CI") != "" {
		t.Fatal("no directory to test with: scripts/services up slapd, and TEST_LDAP as scripts/services env prints it")
	}
	return address
}

// rig is the room on a real database, with a branch of its own in a real directory.
type rig struct {
	*testing.T
	dir    *identity.Directory
	room   *Room
	door   *web.Door
	branch string
	admin  *ldap.Conn
	config *Config
	now    time.Time
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	address := slapd(t)
	if address == "" {
		return
	}
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) { f(newRig(t, d, address)) })
}

// once is each on SQLite only, for what concerns the directory alone.
func once(t *testing.T, f func(g *rig)) {
	t.Helper()
	if address := slapd(t); address != "" {
		f(newRig(t, dbtest.SQLite(t, schemas()...), address))
	}
}

func schemas() []db.Schema {
	return []db.Schema{bus.Schema, jobs.Schema, settings.Schema, identity.Schema, Schema}
}

func newRig(t *testing.T, d *db.DB, address string) *rig {
	t.Helper()
	g := &rig{T: t, now: time.Unix(1_800_000_000, 0), branch: "ou=" + rand.Text() + "," + suffix}
	g.house(t, d)
	var err error
	if g.admin, err = ldap.DialURL(address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.fell)
	if err := g.admin.Bind("cn=admin,"+suffix, "secret"); err != nil {
		t.Fatal(err)
	}
	g.add(g.branch, "organizationalUnit")
	g.add("ou=people,"+g.branch, "organizationalUnit")
	g.add("ou=groups,"+g.branch, "organizationalUnit")
	g.config = must[*Config](t)(g.room.Create(t.Context()))
	g.set("ldapHost", address, "ldapBase", g.branch, "ldapAgentName", "cn=reader,"+suffix, "ldapAgentPassword", "reader",
		"ldapUserFilter", "(objectClass=inetOrgPerson)", "ldapExpertUsernameAttr", "uid", "ldapEmailAttribute", "mail",
		"ldapGroupFilter", "(objectClass=groupOfNames)", "ldapGroupMemberAssocAttr", "member", "ldapPagingSize", "3", "ldapConfigurationActive", "1")
	return g
}

// house builds what the room stands on.
func (g *rig) house(t testing.TB, d *db.DB) {
	t.Helper()
	box := must[*seal.Box](t)(seal.New(make([]byte, seal.KeySize)))
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = func() time.Time { return g.now }
	g.room = New(d, g.dir, box)
	g.room.Now = g.dir.Now
	b := &plug.Board{Web: web.NewMux(), Jobs: jobs.New(d), Bus: bus.New(d, mem.New()), Auth: &[]web.Authenticator{}}
	b.OCS = ocs.NewMux(b.Web)
	g.room.Plug(b)
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{boss{}}, Now: g.dir.Now}, b.Web)
}

// boss is an administrator who is always signed in.
type boss struct{}

// Authenticate implements web.Authenticator.
func (boss) Authenticate(*http.Request) (*who.Principal, error) {
	return &who.Principal{ID: "boss", Role: who.Admin, Via: who.ViaPassword}, nil
}

// fell removes the branch, leaves first.
func (g *rig) fell() {
	r, err := g.admin.Search(ldap.NewSearchRequest(g.branch, ldap.ScopeWholeSubtree, 0, 0, 0, false, "(objectClass=*)", []string{"1.1"}, nil))
	if err != nil {
		g.Error(err)
		return
	}
	slices.SortFunc(r.Entries, func(a, b *ldap.Entry) int { return cmp.Compare(len(b.DN), len(a.DN)) })
	for _, e := range r.Entries {
		g.remove(e.DN)
	}
	for _, p := range g.room.pools {
		p.close()
	}
	if err := g.admin.Close(); err != nil {
		g.Error(err)
	}
}

// add makes an entry; attributes are name, value, name, value ….
func (g *rig) add(dn, class string, attributes ...string) {
	g.Helper()
	r := ldap.NewAddRequest(dn, nil)
	all := map[string][]string{"objectClass": strings.Fields(class)}
	for i := 0; i < len(attributes); i += 2 {
		all[attributes[i]] = append(all[attributes[i]], attributes[i+1])
	}
	for name, values := range all {
		r.Attribute(name, values)
	}
	if err := g.admin.Add(r); err != nil {
		g.Fatal(err)
	}
}

// person makes somebody whose password is pw.
func (g *rig) person(uid string, attributes ...string) string {
	g.Helper()
	dn := "uid=" + uid + ",ou=people," + g.branch
	g.add(dn, "inetOrgPerson", append([]string{"cn", "Mx " + uid, "sn", uid, "userPassword", "pw", "displayName", strings.ToUpper(uid), "mail", vouch.PlainName(uid) + "@corp.example"}, attributes...)...)
	return dn
}

// group makes a group of some.
func (g *rig) group(cn string, members ...string) string {
	g.Helper()
	dn := "cn=" + cn + ",ou=groups," + g.branch
	var attributes []string
	for _, m := range members {
		attributes = append(attributes, "member", m)
	}
	g.add(dn, "groupOfNames", attributes...)
	return dn
}

func (g *rig) change(dn, attribute string, values ...string) {
	g.Helper()
	r := ldap.NewModifyRequest(dn, nil)
	r.Replace(attribute, values)
	if err := g.admin.Modify(r); err != nil {
		g.Fatal(err)
	}
}

func (g *rig) remove(dn string) {
	g.Helper()
	if err := g.admin.Del(ldap.NewDelRequest(dn, nil)); err != nil {
		g.Error(err)
	}
}

// set changes settings: key, value, key, value ….
func (g *rig) set(pairs ...string) {
	g.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := g.config.set(pairs[i], pairs[i+1]); err != nil {
			g.Fatal(err)
		}
	}
	if err := g.room.Save(g.Context(), g.config); err != nil {
		g.Fatal(err)
	}
}

// groups are the groups of an account.
func (g *rig) groups(uid string) []string {
	g.Helper()
	return must[[]string](g.T)(g.dir.GroupsOf(g.Context(), uid))
}

// signIn signs in with a password, and tells the account or the error.
func (g *rig) signIn(login, password string) (string, error) {
	g.now = g.now.Add(time.Hour) // nothing is remembered
	p, err := g.dir.SignIn(g.Context(), login, password, home)
	if err != nil {
		return "", err
	}
	return p.ID, nil
}

func (g *rig) sync(mode Mode) *Report {
	g.Helper()
	return must[*Report](g.T)(g.room.Sync(g.Context(), mode))
}

// call sends an OCS request of the administrator about configurations.
func (g *rig) call(method, target string, form url.Values) *httptest.ResponseRecorder {
	return g.callAt(method, "config"+target, form)
}

func (g *rig) callAt(method, target string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://example.com/ocs/v2.php/apps/user_ldap/api/v1/"+target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
