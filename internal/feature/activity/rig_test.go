package activity

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	lock "atrium/internal/infra/lock/mem"
	"atrium/internal/infra/mail"
	"atrium/internal/infra/mail/mailtest"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

var schemas = []db.Schema{jobs.Schema, settings.Schema, identity.Schema, tree.Schema, content.Schema, Schema}

// basic is Basic authentication against the directory.
type basic struct{ dir *identity.Directory }

func (b basic) Authenticate(r *http.Request) (*who.Principal, error) {
	login, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return b.dir.SignIn(r.Context(), login, secret, netip.Prefix{})
}

// hung is shares as the room of shares would mount them: node, at a name, for
// somebody or for a group.
type hung struct {
	space, node int64
	name        string
	to          string
}

// rig is the room behind a real door over real files, with a clock of its own and
// the accounts of the recorded exchanges, whose passwords are their names.
type rig struct {
	*testing.T
	now    time.Time
	db     *db.DB
	dir    *identity.Directory
	files  *files.Service
	jobs   *jobs.Queue
	post   *mailtest.Server
	room   *Room
	door   *web.Door
	events []bus.Event
	hung   []hung
	grew   []event.ActivityGrew
}

// Mounts implements files.Mounter.
func (g *rig) Mounts(_ context.Context, p *who.Principal) (out []files.Mount, err error) {
	for _, h := range g.hung {
		if h.to == p.ID || slices.Contains(p.Groups, h.to) {
			out = append(out, files.Mount{Path: []string{h.name}, Space: h.space, Root: h.node, Perm: files.All, Kind: "shared", Owner: "olga"})
		}
	}
	return out, nil
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func lite(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, schemas...)) }

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, now: time.Date(2026, 11, 22, 1, 55, 59, 0, time.UTC), db: d}
	clock := func() time.Time { return g.now }
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.dir.Now = clock
	for _, n := range []identity.NewUser{{ID: "olga", Password: "olga", Display: "Olga Ö. Capture"}, {ID: "otto", Password: "otto", Display: "Otto", Mail: "otto@example.com"},
		{ID: "oda", Password: "oda", Display: "Oda Two"}} {
		if _, err := g.dir.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	g.must(g.dir.CreateGroup(t.Context(), "otters", ""))
	g.must(g.dir.AddMember(t.Context(), "otters", "oda"))
	g.files = files.New(d, tree.New(d), content.New(d, mem.New()), func(_ context.Context, tx *db.DB, ev interface{ EventName() string }) error {
		tx.AfterCommit(func() { g.events = append(g.events, ev) })
		return nil
	})
	g.files.Hooks.Mounters = append(g.files.Hooks.Mounters, g)
	g.post = mailtest.Serve(t)
	sender := mail.New(mail.Config{Host: g.post.Host, Port: g.post.Port, Name: "Atrium", From: "atrium@example.com", TLS: g.post.TLS}, box)
	g.jobs = jobs.New(d)
	g.jobs.Now = clock
	sender.Plug(g.jobs)
	if g.room, err = New(d, g.dir, g.files, settings.New(d), sender); err != nil {
		t.Fatal(err)
	}
	g.room.Now, g.room.Base = clock, "https://cloud.example.com"
	g.room.Publish = func(_ context.Context, _ *db.DB, ev bus.Event) error {
		if grew, ok := ev.(event.ActivityGrew); ok {
			g.grew = append(g.grew, grew)
		} else {
			g.events = append(g.events, ev)
		}
		return nil
	}
	m := web.NewMux()
	g.room.Plug(&plug.Board{Web: m, OCS: ocs.NewMux(m), DAV: dav.NewMux("/remote.php/dav"), Bus: bus.New(d, lock.New()), Jobs: g.jobs})
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{basic{g.dir}}}, m)
	return g
}

func (g *rig) must(err error) {
	g.Helper()
	if err != nil {
		g.Fatal(err)
	}
}

// heard hands the room what has happened.
func (g *rig) heard(more ...bus.Event) {
	g.Helper()
	evs := append(g.events, more...)
	g.events = nil
	if len(evs) > 0 {
		g.must(g.room.record(g.Context(), evs))
	}
}

func (g *rig) view(uid string) *files.View {
	g.Helper()
	groups, err := g.dir.GroupsOf(g.Context(), uid)
	g.must(err)
	v, err := g.files.As(g.Context(), &who.Principal{ID: uid, Groups: groups})
	g.must(err)
	return v
}

func (g *rig) put(uid, path string) int64 {
	g.Helper()
	w, err := g.view(uid).Write(g.Context(), path, files.Put{Body: strings.NewReader(path), Size: int64(len(path))})
	g.must(err)
	return w.ID
}

func (g *rig) mkdir(uid, path string) int64 {
	g.Helper()
	e, err := g.view(uid).Mkdir(g.Context(), path)
	g.must(err)
	return e.ID
}

func (g *rig) stat(uid, path string) *files.Entry {
	g.Helper()
	e, err := g.view(uid).Stat(g.Context(), path)
	g.must(err)
	return e
}

func (g *rig) move(uid, from, to string) {
	g.Helper()
	_, _, err := g.view(uid).Move(g.Context(), g.stat(uid, from), to, files.Refuse, nil)
	g.must(err)
}

func (g *rig) remove(uid, path string) {
	g.Helper()
	g.must(g.view(uid).Remove(g.Context(), g.stat(uid, path), nil))
}

// share hangs what olga has at a path into somebody's tree, or a group's, and
// tells of it.
func (g *rig) share(id int64, path, to string, kind int16) event.Shared {
	g.Helper()
	e := g.stat("olga", path)
	s := event.Shared{Share: id, Kind: kind, Node: e.ID, Owner: "olga", Sharer: "olga", Recipient: to, By: event.By{Actor: "olga"}}
	if kind == shareUser || kind == shareGroup {
		g.hung = append(g.hung, hung{e.Mount.Space, e.ID, e.Base(), to})
	}
	g.heard(event.ShareMade{Shared: s})
	return s
}

// unshare takes it back.
func (g *rig) unshare(s event.Shared) {
	g.Helper()
	g.hung = slices.DeleteFunc(g.hung, func(h hung) bool { return h.node == s.Node && h.to == s.Recipient })
	g.heard(event.ShareRemoved{Shared: s, Why: event.ShareUnshared})
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// ask calls the API as somebody and returns the answer and its entries.
func (g *rig) ask(as, path string) (*httptest.ResponseRecorder, []map[string]any) {
	g.Helper()
	r := httptest.NewRequest("GET", "/ocs/v2.php/apps/activity/api/v2/activity"+path, nil)
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	r.SetBasicAuth(as, as)
	w := g.serve(r)
	if w.Code != http.StatusOK {
		return w, nil
	}
	var doc struct {
		OCS struct{ Data []map[string]any }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		g.Fatalf("%s: %v in %s", path, err, w.Body)
	}
	return w, doc.OCS.Data
}

// reads holds what somebody reads to some subjects, newest first.
func (g *rig) reads(as, path string, want ...string) {
	g.Helper()
	w, got := g.ask(as, path)
	var subjects []string
	for _, x := range got {
		subjects = append(subjects, x["subject"].(string))
	}
	if strings.Join(subjects, "|") != strings.Join(want, "|") || w.Code != http.StatusOK && w.Code != http.StatusNotModified {
		g.Errorf("%s reads at %q: %d\n\t%s\nwant\n\t%s", as, path, w.Code, strings.Join(subjects, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// post sends a form to one of the pages.
func (g *rig) form(as, path string, values ...string) (int, map[string]any) {
	g.Helper()
	q := url.Values{}
	for i := 0; i < len(values); i += 2 {
		q.Add(values[i], values[i+1])
	}
	r := httptest.NewRequest("POST", path, strings.NewReader(q.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(as, as)
	w := g.serve(r)
	var doc struct{ Data map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		g.Fatalf("%s: %v in %s", path, err, w.Body)
	}
	return w.Code, doc.Data
}
