package identity

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
)

var home = netip.MustParsePrefix("192.0.2.0/24")

// clock is a time that tests move.
type clock struct{ now time.Time }

func (c *clock) add(d time.Duration) { c.now = c.now.Add(d) }

func directory(t testing.TB, d *db.DB) (*Directory, *clock) {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	dir := New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	c := &clock{time.Unix(1_800_000_000, 0)}
	dir.Now = func() time.Time { return c.now }
	return dir, c
}

func each(t *testing.T, f func(t *testing.T, d *Directory, c *clock)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{Schema}, func(t *testing.T, d *db.DB) {
		dir, c := directory(t, d)
		f(t, dir, c)
	})
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

func ids(t *testing.T, us iter.Seq2[*User, error]) (out []string) {
	t.Helper()
	for u, err := range us {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, u.ID)
	}
	return out
}

func TestAccounts(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		var told []string
		d.OnCreated(func(_ context.Context, _ *db.DB, uid string) error { told = append(told, "+"+uid); return nil })
		d.OnRemoved(func(_ context.Context, _ *db.DB, uid string) error { told = append(told, "-"+uid); return nil })
		for _, n := range []NewUser{
			{ID: "olga", Password: "p1", Display: "Olga Ö.", Mail: "Olga@oracle.example", Quota: NoQuota},
			{ID: "Otto", Password: "p2", Mail: "both@oracle.example", Quota: 5 << 30},
			{ID: "oda", Mail: "both@oracle.example", Quota: 0, Groups: []string{AdminGroup}},
		} {
			must[*User](t)(d.Create(ctx, n))
		}
		if _, err := d.Create(ctx, NewUser{ID: "OLGA"}); !errors.Is(err, fault.Exists) {
			t.Errorf("the same id in capitals: %v", err)
		}
		if _, err := d.Create(ctx, NewUser{ID: "x", Groups: []string{"nope"}}); !errors.Is(err, fault.NotFound) {
			t.Errorf("a group that is not there: %v", err)
		}
		for _, id := range []string{"", "a/b", "..", " a", "ä", "a\n", "a\x00b"} {
			if _, err := d.Create(ctx, NewUser{ID: id}); !errors.Is(err, fault.Invalid) {
				t.Errorf("id %q: %v", id, err)
			}
		}
		if u := must[*User](t)(d.User(ctx, "oda")); u.Quota != DefaultQuota {
			t.Errorf("quota of oda: %d", u.Quota)
		}
		for login, want := range map[string]string{"olga": "olga", "OTTO": "Otto", "olga@ORACLE.example": "olga", "both@oracle.example": "", "ghost": "", "\xff": "", "a\x00": ""} {
			u, err := d.Find(ctx, login)
			if want == "" && !errors.Is(err, fault.NotFound) || want != "" && (err != nil || u.ID != want) {
				t.Errorf("Find(%q) = %v, %v; want %q", login, u, err, want)
			}
		}
		got := must[*User](t)(d.User(ctx, "olga"))
		got.pass = ""
		want := &User{ID: "olga", Display: "Olga Ö.", Mail: "Olga@oracle.example", Quota: NoQuota, Enabled: true, Created: c.now}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(User{})); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if err := d.Change(ctx, "olga", func(u *User) error { u.Display, u.Quota = "Olga", 7; return nil }); err != nil {
			t.Fatal(err)
		}
		if u := must[*User](t)(d.User(ctx, "olga")); u.Display != "Olga" || u.Quota != 7 {
			t.Errorf("a change of our own is seen late: %+v", u)
		}
		if err := d.SetQuota(ctx, "olga", -7); !errors.Is(err, fault.Invalid) {
			t.Errorf("quota -7: %v", err)
		}
		for search, want := range map[string][]string{"": {"oda", "olga", "Otto"}, "ÖRACLE": nil, "both@": {"oda", "Otto"}, "%": nil, "OLG": {"olga"}} {
			if got := ids(t, d.Users(ctx, Query{Search: search})); !slices.Equal(got, want) {
				t.Errorf("search %q: %v, want %v", search, got, want)
			}
		}
		if got := ids(t, d.Users(ctx, Query{Limit: 1, Offset: 1})); !slices.Equal(got, []string{"olga"}) {
			t.Errorf("second page: %v", got)
		}
		if err := d.Remove(ctx, "Otto"); err != nil {
			t.Fatal(err)
		}
		if err := d.Remove(ctx, "Otto"); !errors.Is(err, fault.NotFound) {
			t.Errorf("removing twice: %v", err)
		}
		if want := []string{"+olga", "+Otto", "+oda", "-Otto"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}

func TestGroups(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		for _, id := range []string{"alice", "bob"} {
			must[*User](t)(d.Create(ctx, NewUser{ID: id, Password: "secret", Quota: NoQuota}))
		}
		for _, err := range []error{
			d.CreateGroup(ctx, "otters", "Sea Otters"), d.AddMember(ctx, "otters", "alice"), d.AddMember(ctx, "otters", "alice"),
			d.AddGroupAdmin(ctx, "otters", "bob"), d.AddMember(ctx, AdminGroup, "alice"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := d.CreateGroup(ctx, "otters", ""); !errors.Is(err, fault.Exists) {
			t.Errorf("a second group of the name: %v", err)
		}
		if err := d.RemoveGroup(ctx, AdminGroup); !errors.Is(err, fault.Denied) {
			t.Errorf("removing admin: %v", err)
		}
		for uid, want := range map[string]who.Role{"alice": who.Admin, "bob": who.GroupAdmin} {
			p := must[*who.Principal](t)(d.SignIn(ctx, uid, "secret", home))
			if p.Role != want {
				t.Errorf("%s has role %v, want %v", uid, p.Role, want)
			}
		}
		if got := must[[]string](t)(d.GroupsOf(ctx, "alice")); !slices.Equal(got, []string{"admin", "otters"}) {
			t.Errorf("groups of alice: %v", got)
		}
		if got := ids(t, d.Users(ctx, Query{Group: "otters"})); !slices.Equal(got, []string{"alice"}) {
			t.Errorf("members: %v", got)
		}
		if got := must[[]string](t)(d.GroupAdmins(ctx, "otters")); !slices.Equal(got, []string{"bob"}) {
			t.Errorf("group admins: %v", got)
		}
		var all []Group
		for g, err := range d.Groups(ctx, "sea", 0, 0) {
			all = append(all, must[Group](t)(g, err))
		}
		if want := []Group{{ID: "otters", Display: "Sea Otters", Members: 1}}; !slices.Equal(all, want) {
			t.Errorf("groups: %v, want %v", all, want)
		}
		if err := d.RemoveMember(ctx, AdminGroup, "alice"); err != nil {
			t.Fatal(err)
		}
		if p := must[*who.Principal](t)(d.SignIn(ctx, "alice", "secret", home)); p.Role != who.User {
			t.Errorf("alice is still %v", p.Role)
		}
		if err := d.RemoveGroup(ctx, "otters"); err != nil {
			t.Fatal(err)
		}
		if got := must[[]string](t)(d.GroupsOf(ctx, "alice")); len(got) != 0 {
			t.Errorf("still in %v", got)
		}
	})
}

func TestSignInByPassword(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Mail: "o@oracle.example", Quota: NoQuota}))
		for _, login := range []string{"olga", "OLGA", "O@oracle.example"} {
			p := must[*who.Principal](t)(d.SignIn(ctx, login, "right", home))
			if p.Stamp == "" {
				t.Error("nothing tells that the password changes")
			}
			p.Stamp = ""
			want := &who.Principal{ID: "olga", Display: "olga", Login: login, Via: who.ViaPassword}
			if diff := cmp.Diff(want, p); diff != "" {
				t.Errorf("%s (-want +got)\n%s", login, diff)
			}
		}
		for login, pw := range map[string]string{"olga": "wrong", "ghost": "right", "": "right", "olga ": ""} {
			if _, err := d.SignIn(ctx, login, pw, home); !errors.Is(err, fault.Anonymous) {
				t.Errorf("%q with %q: %v", login, pw, err)
			}
		}
		u := must[*User](t)(d.User(ctx, "olga"))
		if c.add(2 * time.Second); u.FirstLogin.IsZero() {
			u = must[*User](t)(d.User(ctx, "olga"))
		}
		if u.FirstLogin.IsZero() || u.LastLogin.IsZero() {
			t.Errorf("logins were not noted: %+v", u)
		}
		// a remembered password costs no query for a second and no hash later
		counted, n := db.Count(ctx)
		must[*who.Principal](t)(d.SignIn(counted, "olga", "right", home))
		before := n.Load()
		must[*who.Principal](t)(d.SignIn(counted, "olga", "right", home))
		if n.Load() != before {
			t.Errorf("a cached hit costs %d queries", n.Load()-before)
		}
		if err := d.SetPassword(ctx, "olga", "new"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.SignIn(ctx, "olga", "right", home); !errors.Is(err, fault.Anonymous) {
			t.Errorf("the old password: %v", err)
		}
		must[*who.Principal](t)(d.SignIn(ctx, "olga", "new", home))
		if err := d.Disable(ctx, "olga"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.SignIn(ctx, "olga", "new", home); !errors.Is(err, fault.Anonymous) {
			t.Errorf("a disabled account: %v", err)
		}
		if err := d.Enable(ctx, "olga"); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Mail: "o@oracle.example", Quota: NoQuota}))
		must[*User](t)(d.Create(ctx, NewUser{ID: "otto", Quota: NoQuota}))
		secret := AppPassword()
		tok := must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Login: "olga", Name: "  mirall\n3 ", Kind: KindApp}, secret))
		if len(secret) != 72 || len(TypedPassword()) != 29 || tok.Name != "mirall 3" {
			t.Errorf("%q, %+v", secret, tok)
		}
		for _, login := range []string{"olga", "o@oracle.example", "OLGA"} {
			p := must[*who.Principal](t)(d.SignIn(ctx, login, secret, home))
			if p.ID != "olga" || p.Via != who.ViaAppPassword || p.TokenID != tok.ID || p.Scope != nil {
				t.Errorf("%s: %+v", login, p)
			}
		}
		must[*who.Principal](t)(d.Bearer(ctx, secret))
		wrong := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, fault.Anonymous) {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := d.SignIn(ctx, "otto", secret, home)
		wrong("somebody else's", err)
		_, err = d.Session(ctx, secret)
		wrong("as a session", err)

		counted, n := db.Count(ctx)
		must[*who.Principal](t)(d.SignIn(counted, "olga", secret, home))
		if n.Load() != 0 {
			t.Errorf("a cached hit costs %d queries", n.Load())
		}
		limit := &who.Scope{Rooms: []string{"calendar"}, Verbs: who.Read, Folders: []int64{7}}
		if err := d.ChangeToken(ctx, "olga", tok.ID, "laptop", limit, c.now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if p := must[*who.Principal](t)(d.SignIn(ctx, "olga", secret, home)); !reflect.DeepEqual(p.Scope, limit) {
			t.Errorf("the new scope is not seen at once: %+v", p.Scope)
		}
		c.add(time.Minute)
		_, err = d.SignIn(ctx, "olga", secret, home)
		wrong("after its end", err)
		if err := d.ChangeToken(ctx, "olga", tok.ID, "laptop", nil, time.Time{}); err != nil {
			t.Fatal(err)
		}
		next := AppPassword()
		if err := d.RotateToken(ctx, "olga", tok.ID, next); err != nil {
			t.Fatal(err)
		}
		_, err = d.Bearer(ctx, secret)
		wrong("the secret before", err)
		must[*who.Principal](t)(d.Bearer(ctx, next))

		if err := d.WipeAsked(ctx, next); !errors.Is(err, fault.NotFound) {
			t.Errorf("wipe not asked: %v", err)
		}
		if err := d.AskWipe(ctx, "olga", tok.ID); err != nil {
			t.Fatal(err)
		}
		_, err = d.SignIn(ctx, "olga", next, home)
		wrong("marked for wipe", err)
		if err := errors.Join(d.WipeAsked(ctx, next), d.Wiped(ctx, next)); err != nil {
			t.Fatal(err)
		}
		if err := d.Wiped(ctx, next); !errors.Is(err, fault.NotFound) {
			t.Errorf("wiped twice: %v", err)
		}
	})
}

func TestSessions(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
		tok := must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Login: "olga", Name: "Firefox", Kind: KindSession, Idle: time.Hour}, "s1"))
		c.add(50 * time.Minute)
		must[*who.Principal](t)(d.Session(ctx, "s1"))
		if err := d.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if got := must[*Token](t)(d.Token(ctx, "olga", tok.ID)); !got.Used.Equal(c.now) {
			t.Errorf("used %v, want %v", got.Used, c.now)
		}
		c.add(50 * time.Minute)
		must[*who.Principal](t)(d.Session(ctx, "s1"))
		if err := d.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		c.add(61 * time.Minute)
		if _, err := d.Session(ctx, "s1"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("an expired session: %v", err)
		}
		must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Kind: KindSession}, "s2"))
		must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Kind: KindApp}, "app"))
		if err := d.SetPassword(ctx, "olga", "new"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Session(ctx, "s2"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("a session outlived its password: %v", err)
		}
		must[*who.Principal](t)(d.Bearer(ctx, "app"))
	})
}

// What another node revokes is dead here within a second.
func TestRevokedElsewhere(t *testing.T) {
	each(t, func(t *testing.T, here *Directory, c *clock) {
		ctx := t.Context()
		there, _ := directory(t, here.db)
		must[*User](t)(here.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
		tok := must[*Token](t)(here.AddToken(ctx, Token{UID: "olga", Kind: KindApp}, "app"))
		app := must[*who.Principal](t)(here.Bearer(ctx, "app"))
		person := must[*who.Principal](t)(here.SignIn(ctx, "olga", "right", home))
		if err := errors.Join(here.Still(ctx, app), here.Still(ctx, person)); err != nil {
			t.Errorf("still good: %v", err)
		}
		if err := errors.Join(there.RemoveToken(ctx, "olga", tok.ID), there.Disable(ctx, "olga")); err != nil {
			t.Fatal(err)
		}
		c.add(time.Second)
		if _, err := here.Bearer(ctx, "app"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("app password: %v", err)
		}
		if _, err := here.SignIn(ctx, "olga", "right", home); !errors.Is(err, fault.Anonymous) {
			t.Errorf("password: %v", err)
		}
		for _, p := range []*who.Principal{app, person} {
			if err := here.Still(ctx, p); !errors.Is(err, fault.Anonymous) {
				t.Errorf("a request of %v that goes on: %v", p.Via, err)
			}
		}
	})
}

// A database that fails must not look like a wrong password, or clients throw
// theirs away.
func TestBrokenDatabaseIsNoWrongPassword(t *testing.T) {
	d, _ := directory(t, dbtest.SQLite(t, Schema))
	ctx := t.Context()
	must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
	d.db.Inject(func(string) error { return fault.New(fault.Unavailable, "The database does not answer.") })
	defer d.db.Inject(nil)
	_, err := d.SignIn(ctx, "olga", "right", home)
	if !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
	if _, err = d.Bearer(ctx, "app"); !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkSignInCached(b *testing.B) {
	d, _ := directory(b, dbtest.SQLite(b, Schema))
	ctx := b.Context()
	must[*User](b)(d.Create(ctx, NewUser{ID: "olga", Password: "right", Quota: NoQuota}))
	must[*who.Principal](b)(d.SignIn(ctx, "olga", "right", home))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.SignIn(ctx, "olga", "right", home); err != nil {
			b.Fatal(err)
		}
	}
}

// Where a second factor is asked for, a password alone opens nothing; app
// passwords do, and the change is seen at once.
func TestSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, d *Directory, c *clock) {
		ctx := t.Context()
		must[*User](t)(d.Create(ctx, NewUser{ID: "olga", Password: "right"}))
		must[*who.Principal](t)(d.SignIn(ctx, "olga", "right", home))
		secret := AppPassword()
		must[*Token](t)(d.AddToken(ctx, Token{UID: "olga", Login: "olga", Kind: KindApp}, secret))
		d.Second = func(_ context.Context, u *User, _ []string) (bool, error) { return u.ID == "olga", nil }
		d.Void()
		if _, err := d.SignIn(ctx, "olga", "right", home); !errors.Is(err, fault.Anonymous) {
			t.Errorf("the password alone: %v", err)
		}
		must[*who.Principal](t)(d.SignIn(ctx, "olga", secret, home))
		if needs, err := d.NeedsSecond(ctx, "olga"); !needs || err != nil {
			t.Errorf("%v, %v", needs, err)
		}
		u := must[*User](t)(d.CheckPassword(ctx, "olga", "right", home))
		half := must[*Token](t)(d.AddToken(ctx, Token{UID: u.ID, Login: "olga", Kind: KindHalf, Idle: time.Minute}, "half"))
		if got := must[*Token](t)(d.Half(ctx, "half")); got.ID != half.ID {
			t.Errorf("%+v", got)
		}
		for what, f := range map[string]func(context.Context, string) (*who.Principal, error){"session": d.Session, "bearer": d.Bearer} {
			if _, err := f(ctx, "half"); !errors.Is(err, fault.Anonymous) {
				t.Errorf("half a session as a %s: %v", what, err)
			}
		}
		c.add(2 * time.Minute)
		if _, err := d.Half(ctx, "half"); !errors.Is(err, fault.Anonymous) {
			t.Errorf("after its time: %v", err)
		}
	})
}
