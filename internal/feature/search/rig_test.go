package search

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	lock "atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

var schemas = []db.Schema{bus.Schema, jobs.Schema, identity.Schema, tree.Schema, content.Schema, Schema}

// byName is a way in where a name is enough.
type byName struct{}

func (byName) Authenticate(r *http.Request) (*who.Principal, error) {
	name, _, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	p := &who.Principal{ID: name, Login: name, Via: who.ViaAppPassword}
	if name == "root" {
		p.Role = who.Admin
	}
	return p, nil
}

// mounter shows folders of others.
type mounter map[string][]files.Mount

func (m mounter) Mounts(_ context.Context, p *who.Principal) ([]files.Mount, error) {
	return m[p.ID], nil
}

type rig struct {
	testing.TB
	ctx    context.Context
	db     *db.DB
	files  *files.Service
	dir    *identity.Directory
	bus    *bus.Bus
	jobs   *jobs.Queue
	room   *Room
	door   *web.Door
	mounts mounter
	tags   map[string]map[int64]bool // what carries a tag, by its number
	broken error                     // what the tags' tables answer, nil for their content
}

func each(t *testing.T, f func(g *rig)) {
	t.Helper()
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func lite(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, schemas...)) }

var begun = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func newRig(t testing.TB, d *db.DB) *rig {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{TB: t, ctx: t.Context(), db: d, mounts: mounter{}}
	g.bus, g.jobs = bus.New(d, lock.New()), jobs.New(d)
	tr := tree.New(d)
	tr.Now = func() time.Time { return begun }
	g.files = files.New(d, tr, content.New(d, mem.New()), func(ctx context.Context, tx *db.DB, ev interface{ EventName() string }) error {
		return g.bus.Publish(ctx, tx, ev)
	})
	g.files.Now = tr.Now
	g.files.Hooks.Mounters = []files.Mounter{g.mounts}
	g.dir = identity.New(d, box, seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4))
	g.room = New(d, tr, g.files, g.dir)
	m := web.NewMux()
	b := &plug.Board{Web: m, OCS: ocs.NewMux(m), Bus: g.bus, Jobs: g.jobs, Hook: &g.files.Hooks}
	b.Filters.Add("systemtag", func(_ context.Context, value string) (map[int64]bool, error) {
		if g.broken != nil {
			return nil, g.broken
		}
		if g.tags[value] == nil {
			return nil, fault.New(fault.NotFound, "")
		}
		return maps.Clone(g.tags[value]), nil
	})
	g.room.Plug(b)
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{byName{}}}, m)
	return g
}

func (g *rig) view(uid string) *files.View {
	g.Helper()
	v, err := g.files.As(g.ctx, &who.Principal{ID: uid})
	if err != nil {
		g.Fatal(err)
	}
	return v
}

// put writes small files for somebody, the first being the newest, with the
// folders that they need.
func (g *rig) put(uid string, paths ...string) {
	g.Helper()
	v := g.view(uid)
	for i, p := range paths {
		for at := 1; at > 0; {
			if n := strings.IndexByte(p[at:], '/'); n < 0 {
				break
			} else {
				at += n
			}
			if _, err := v.Stat(g.ctx, p[:at]); err != nil {
				if _, err := v.Mkdir(g.ctx, p[:at]); err != nil {
					g.Fatal(err)
				}
			}
			at++
		}
		mtime := begun.AddDate(1, 0, 0).Add(-time.Duration(i) * time.Hour)
		if _, err := v.Write(g.ctx, p, files.Put{Body: strings.NewReader(p), Size: int64(len(p)), MTime: mtime}); err != nil {
			g.Fatal(err)
		}
	}
}

// settle lets the index catch up.
func (g *rig) settle() {
	g.Helper()
	if err := g.bus.Drain(g.ctx); err != nil {
		g.Fatal(err)
	}
	if err := g.jobs.Drain(g.ctx); err != nil {
		g.Fatal(err)
	}
}

func (g *rig) serve(r *http.Request, as string) *httptest.ResponseRecorder {
	r.Header.Set("OCS-APIRequest", "true")
	if as != "" {
		r.SetBasicAuth(as, "x")
	}
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// finds lists the paths that somebody finds.
func (g *rig) finds(as, query string) []string {
	g.Helper()
	w := g.serve(httptest.NewRequest("GET", "/ocs/v2.php/search/providers/files/search?format=json&"+query, nil), as)
	var doc struct {
		OCS struct {
			Data struct {
				Entries []struct{ Attributes map[string]string }
			}
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 200 {
		g.Fatalf("%s: %d %v %s", query, w.Code, err, w.Body)
	}
	out := []string{}
	for _, e := range doc.OCS.Data.Entries {
		out = append(out, e.Attributes["path"])
	}
	return out
}

func term(s string) string { return "term=" + url.QueryEscape(s) }
