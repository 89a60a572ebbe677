package api

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
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
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
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

// rig is the rooms behind a real door with a clock of their own, and the accounts
// and files of the recorded exchanges; passwords are the names.
type rig struct {
	*testing.T
	ctx      context.Context
	now      time.Time
	db       *db.DB
	dir      *identity.Directory
	files    *files.Service
	settings *settings.Store
	shares   *shares.Room
	room     *Room
	door     *web.Door
}

func schemas() []db.Schema {
	return []db.Schema{settings.Schema, jobs.Schema, identity.Schema, tree.Schema, content.Schema, shares.Schema}
}

func each(t *testing.T, f func(g *rig)) {
	dbtest.Each(t, schemas(), func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func lite(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, schemas()...)) }

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, ctx: t.Context(), db: d, now: time.Date(2026, 11, 22, 2, 16, 28, 0, time.UTC)}
	clock := func() time.Time { return g.now }
	hashes := seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4)
	g.dir = identity.New(d, box, hashes)
	g.dir.Now = clock
	g.settings = settings.New(d)
	g.settings.Now = clock
	told := func(context.Context, *db.DB, interface{ EventName() string }) error { return nil }
	g.files = files.New(d, tree.New(d), content.New(d, mem.New()), told)
	g.files.Now = clock
	g.shares = shares.New(d, tree.New(d), g.files, g.dir, g.settings, hashes, told)
	g.shares.Now = clock
	g.room = New(g.shares, g.files, g.dir)
	m := web.NewMux()
	b := &plug.Board{Web: m, OCS: ocs.NewMux(m), DAV: dav.NewMux("/remote.php/dav"), Hook: &g.files.Hooks, Jobs: jobs.New(d)}
	g.room.Plug(b)
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{g.dir}}}, m)
	g.must(g.dir.CreateGroup(g.ctx, "otters", ""))
	for _, n := range []identity.NewUser{{ID: "olga", Display: "Olga Ö. Capture"}, {ID: "otto", Display: "Otto", Groups: []string{"otters"}},
		{ID: "oda", Display: "Oda"}, {ID: "oskar", Display: "Oskar"}, {ID: "admin", Groups: []string{identity.AdminGroup}}} {
		n.Password, n.Mail = n.ID, n.ID+"@oracle.example"
		if _, err := g.dir.Create(g.ctx, n); err != nil && n.ID != "admin" {
			t.Fatal(err)
		}
	}
	return g
}

func (g *rig) must(err error) {
	g.Helper()
	if err != nil {
		g.Fatal(err)
	}
}

// later lets so much time pass that nothing is remembered any more.
func (g *rig) later() { g.now = g.now.Add(time.Second) }

// put makes files of a size for somebody; names that end in a slash are folders.
func (g *rig) put(uid string, paths map[string]int, order ...string) {
	g.Helper()
	v, err := g.files.As(g.ctx, &who.Principal{ID: uid})
	g.must(err)
	for _, p := range order {
		if name, folder := strings.CutSuffix(p, "/"); folder {
			_, err = v.Mkdir(g.ctx, name)
		} else {
			_, err = v.Write(g.ctx, p, files.Put{Body: strings.NewReader(strings.Repeat("x", paths[p])), Size: int64(paths[p])})
		}
		g.must(err)
	}
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// ask calls an endpoint of the share API as somebody, with form fields as pairs, and
// returns the status and what is in the answer's data.
func (g *rig) ask(as, method, path string, form ...string) (int, any) {
	g.Helper()
	q := url.Values{}
	for i := 0; i < len(form); i += 2 {
		q.Add(form[i], form[i+1])
	}
	target, body := "/ocs/v2.php/apps/files_sharing/api/v1/"+path, q.Encode()
	if method == "GET" {
		target, body = target+"?"+body, ""
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(as, as)
	w := g.serve(r)
	var doc struct{ OCS struct{ Data any } }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		g.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
	}
	return w.Code, doc.OCS.Data
}

// xmlNames are names written as "oc:size".
func xmlNames(names []string) (out []xml.Name) {
	for _, n := range names {
		prefix, local, _ := strings.Cut(n, ":")
		if prefix == "oc" {
			out = append(out, oc(local))
		} else {
			out = append(out, nc(local))
		}
	}
	return out
}

func wishFor(uid string, perms files.Perm) shares.Wish {
	return shares.Wish{Kind: shares.User, Recipient: uid, Perms: &perms}
}
