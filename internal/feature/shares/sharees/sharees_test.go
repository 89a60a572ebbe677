package sharees

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/feature/shares"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
	"atrium/internal/proto/web/webtest"
)

// basic is Basic authentication against the directory.
type basic struct{ dir *identity.Directory }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.dir.SignIn(r.Context(), login, secret, netip.Prefix{})
}

// rig is the room behind a real door, with the accounts and groups of the recorded
// exchanges, whose passwords are their names.
type rig struct {
	*testing.T
	ctx      context.Context
	now      time.Time
	dir      *identity.Directory
	files    *files.Service
	shares   *shares.Room
	settings *settings.Store
	door     *web.Door
}

func schemas() []db.Schema {
	return []db.Schema{settings.Schema, identity.Schema, tree.Schema, content.Schema, shares.Schema}
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, ctx: t.Context(), now: time.Date(2026, 11, 22, 2, 20, 0, 0, time.UTC)}
	clock := func() time.Time { return g.now }
	hashes := seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4)
	g.dir = identity.New(d, box, hashes)
	g.dir.Now = clock
	g.settings = settings.New(d)
	g.settings.Now = clock
	told := func(context.Context, *db.DB, interface{ EventName() string }) error { return nil }
	g.files = files.New(d, tree.New(d), content.New(d, mem.New()), told)
	g.shares = shares.New(d, tree.New(d), g.files, g.dir, g.settings, hashes, told)
	m := web.NewMux()
	New(g.shares, g.dir).Plug(&plug.Board{Web: m, OCS: ocs.NewMux(m)})
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{g.dir}}}, m)
	for _, gid := range []string{"admin", "guests", "orcas", "otters", "staff"} {
		if err := g.dir.CreateGroup(g.ctx, gid, ""); err != nil && gid != "admin" {
			t.Fatal(err)
		}
	}
	for _, n := range []identity.NewUser{{ID: "admin"}, {ID: "alice", Display: "Alice Adams"}, {ID: "bob", Display: "Bob Brown"}, {ID: "carol", Display: "Carol Clark"},
		{ID: "dave1", Display: "Dave1 Dav", Mail: "dave1@example.org"}, {ID: "dave2", Display: "Dave2 Dav", Mail: "dave2@example.org"}, {ID: "oda", Display: "Oda"},
		{ID: "oskar", Display: "Oskar"}, {ID: "otto", Display: "Otto", Groups: []string{"otters", "staff"}}, {ID: "olga", Display: "Olga Ö. Capture", Groups: []string{"otters"}}} {
		n.Password = n.ID
		if n.Mail == "" && n.ID != "admin" {
			n.Mail = n.ID + "@oracle.example"
		}
		if _, err := g.dir.Create(g.ctx, n); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

func TestRecordedExchanges(t *testing.T) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) {
		g := newRig(t, d)
		olga := &who.Principal{ID: "olga"}
		v, err := g.files.As(g.ctx, olga)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range []shares.Wish{{Kind: shares.User, Recipient: "otto"}, {Kind: shares.User, Recipient: "otto"}, {Kind: shares.User, Recipient: "otto"},
			{Kind: shares.Group, Recipient: "otters"}, {Kind: shares.Mail, Recipient: "friend@example.org"}} {
			e, err := v.Mkdir(g.ctx, fmt.Sprintf("/d%d", i))
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := g.shares.Give(g.ctx, olga, e, w); err != nil {
				t.Fatal(err)
			}
		}
		ours := map[string][]string{
			"141": {"emails"}, "145": {"emails"}, // addresses of contacts belong to the room contacts
			"143": {"remotes"}, // nobody on other servers can be shared with
		}
		for _, e := range webtest.Load(t, "testdata") {
			if strings.HasPrefix(e.Name, "215") {
				if err := g.settings.Set(g.ctx, "core", "shareapi_only_share_with_group_members", "yes"); err != nil {
					t.Fatal(err)
				}
				g.now = g.now.Add(2 * time.Second)
			}
			if e.As[0] != "anon" {
				e.Request.SetBasicAuth(e.As[0], e.As[0])
			}
			e.Compare(t, g.serve(e.Request), webtest.Rules{Headers: []string{"Content-Type"}, Ours: ours[e.Name[:3]]})
		}
	})
}

// finds lists whom a search as olga finds: users, then groups, the exact ones marked.
func (g *rig) finds(text string, more ...string) (out []string) {
	g.Helper()
	r := httptest.NewRequest("GET", "/ocs/v2.php/apps/files_sharing/api/v1/sharees?format=json&itemType=file&search="+text+strings.Join(more, ""), nil)
	r.Header.Set("OCS-APIRequest", "true")
	r.SetBasicAuth("olga", "olga")
	w := g.serve(r)
	var doc struct{ OCS struct{ Data result } }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 200 {
		g.Fatal(w.Code, err, w.Body)
	}
	d := doc.OCS.Data
	for _, u := range d.Exact.Users {
		out = append(out, "="+u.Value.With)
	}
	for _, u := range d.Users {
		out = append(out, u.Value.With)
	}
	for _, u := range d.Exact.Groups {
		out = append(out, "="+u.Value.With)
	}
	for _, u := range d.Groups {
		out = append(out, u.Value.With)
	}
	for _, a := range d.Exact.Emails {
		out = append(out, a.Value.With)
	}
	if w.Header().Get("Link") != "" {
		out = append(out, "…")
	}
	return out
}

// searchFinds holds the unified search to what a share dialogue found: the people
// among it.
func (g *rig) searchFinds(text string, shown []string) {
	g.Helper()
	var want []string
	for _, id := range shown {
		id = strings.TrimPrefix(id, "=")
		if _, err := g.dir.User(g.ctx, id); err == nil {
			want = append(want, "/u/"+id)
		}
	}
	found, err := finder{New(g.shares, g.dir)}.Search(g.ctx, plug.Wanted{Who: &who.Principal{ID: "olga"}, Term: text, Limit: 25})
	if err != nil {
		g.Fatal(err)
	}
	var got []string
	for _, h := range found.Hits {
		got = append(got, h.URL)
	}
	if !slices.Equal(got, want) {
		g.Errorf("searching for %q: found %q, want %q", text, got, want)
	}
}

// People are found page by page, each once.
func TestPeopleAreSearchedByPages(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, schemas()...))
	f, seen := finder{New(g.shares, g.dir)}, map[string]bool{}
	w := plug.Wanted{Who: &who.Principal{ID: "olga"}, Term: "o", Limit: 2}
	for range 10 {
		found, err := f.Search(g.ctx, w)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range found.Hits {
			if seen[h.Title] || len(found.Hits) > 2 {
				t.Errorf("%s again, or a page too long: %+v", h.Title, found.Hits)
			}
			seen[h.Title] = true
		}
		if !found.Paginated {
			break
		}
		w.Cursor = found.Next
	}
	if all, err := f.Search(g.ctx, plug.Wanted{Who: w.Who, Term: "o", Limit: 25}); err != nil || len(seen) != len(all.Hits) || len(seen) < 3 {
		t.Errorf("by pages %v, at once %+v, %v", seen, all, err)
	}
}

// Who finds whom is an administrator's to say.
func TestWhoIsFound(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, schemas()...))
	if err := g.dir.Disable(g.ctx, "bob"); err != nil {
		t.Fatal(err)
	}
	const (
		enumerate = "shareapi_allow_share_dialog_user_enumeration"
		toGroup   = "shareapi_restrict_user_enumeration_to_group"
		full      = "shareapi_restrict_user_enumeration_full_match"
		only      = "shareapi_only_share_with_group_members"
	)
	for _, c := range []struct {
		settings []string // names that are turned from their default
		text     string
		more     string
		want     []string
	}{
		{nil, "ot", "", []string{"otto", "otters"}},
		{nil, "OTTO", "", []string{"=otto"}},
		{nil, "otto@oracle.example", "", []string{"=otto"}},
		{nil, "a@b.example", "", []string{"a@b.example"}},
		{nil, "bob", "", nil},
		{nil, "olga", "", nil},
		{nil, "", "&perPage=2", []string{"admin", "alice", "admin", "guests", "…"}},
		{nil, "", "&perPage=2&page=4", []string{"oskar", "otto"}},
		{nil, "ot", "&shareType=1", []string{"otters"}},
		{[]string{"-" + enumerate}, "ot", "", nil},
		{[]string{"-" + enumerate}, "oda", "", []string{"=oda"}},
		{[]string{"-" + enumerate, "-" + full}, "oda", "", nil},
		{[]string{toGroup}, "o", "", []string{"otto", "otters"}},
		{[]string{toGroup}, "oda", "", []string{"=oda"}},
		{[]string{toGroup, "-" + full}, "oda", "", nil},
		{[]string{only}, "oda", "", nil},
		{[]string{only}, "ot", "", []string{"otto", "otters"}},
		{[]string{only}, "staff", "", nil},
		{[]string{"-shareapi_allow_group_sharing"}, "ot", "", []string{"otto"}},
		{[]string{"-shareapi_enabled"}, "ot", "", nil},
		{[]string{"-shareapi_allow_links"}, "a@b.example", "", nil},
	} {
		for _, s := range c.settings {
			name, off := strings.CutPrefix(s, "-")
			if err := g.settings.Set(g.ctx, "core", name, map[bool]string{true: "no", false: "yes"}[off]); err != nil {
				t.Fatal(err)
			}
		}
		g.now = g.now.Add(2 * time.Second)
		if got := g.finds(c.text, c.more); !slices.Equal(got, c.want) {
			t.Errorf("%v, %q%s: found %q, want %q", c.settings, c.text, c.more, got, c.want)
		}
		if c.text != "" && c.more == "" {
			g.searchFinds(c.text, c.want)
		}
		for _, s := range c.settings {
			if err := g.settings.Delete(g.ctx, "core", strings.TrimPrefix(s, "-")); err != nil {
				t.Fatal(err)
			}
		}
	}
}
