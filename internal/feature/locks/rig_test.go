package locks_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
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
	"atrium/internal/feature/davfiles"
	"atrium/internal/feature/locks"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

var schemas = []db.Schema{settings.Schema, identity.Schema, tree.Schema, content.Schema, davfiles.Schema, locks.Schema}

// rig is a server with files and locks, where a Basic user name is enough to be
// somebody. Bob sees the folder /shared of alice as /from-alice.
type rig struct {
	testing.TB
	srv    *httptest.Server
	db     *db.DB
	files  *files.Service
	people *identity.Directory
	room   *locks.Room
	board  *plug.Board
	user   string
	shared files.Mount
}

func (r *rig) Authenticate(req *http.Request) (*who.Principal, error) {
	name, _, ok := req.BasicAuth()
	if !ok {
		return nil, nil
	}
	return &who.Principal{ID: name, Display: strings.ToUpper(name[:1]) + name[1:], Login: name, Via: who.ViaAppPassword}, nil
}

func (r *rig) Mounts(_ context.Context, p *who.Principal) ([]files.Mount, error) {
	if p.ID != "bob" || r.shared.Root == 0 {
		return nil, nil
	}
	return []files.Mount{r.shared}, nil
}

func each(t *testing.T, f func(r *rig)) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

// lite runs f over SQLite alone, for what no database makes different.
func lite(t *testing.T, f func(r *rig)) { f(newRig(t, dbtest.SQLite(t, schemas...))) }

func newRig(t testing.TB, d *db.DB) *rig {
	c := content.New(d, mem.New())
	f := files.New(d, tree.New(d), c, func(context.Context, *db.DB, interface{ EventName() string }) error { return nil })
	people := identity.New(d, nil, nil)
	people.Tell = func(context.Context, *db.DB, event.AccountChanged) error { return nil }
	r := &rig{TB: t, db: d, files: f, people: people, room: locks.New(d, f, people, settings.New(d)), user: "alice"}
	m := web.NewMux()
	r.board = &plug.Board{Web: m, OCS: ocs.NewMux(m), DAV: dav.NewMux("/remote.php/dav"), Hook: &f.Hooks, Jobs: jobs.New(d)}
	davfiles.New(d, f, c, "ocinstance00").Plug(r.board)
	r.room.Plug(r.board)
	f.Hooks.Mounters = append(f.Hooks.Mounters, r)
	r.srv = httptest.NewServer(web.NewDoor(web.Config{Auth: []web.Authenticator{r}, Stall: time.Hour}, m))
	t.Cleanup(r.srv.Close)
	return r
}

// share makes /shared with a file f of alice and mounts it for bob.
func (r *rig) share() {
	r.Helper()
	r.want(201, "MKCOL", home+"/shared", "")
	r.want(201, "PUT", home+"/shared/f", "x")
	v, err := r.files.As(r.Context(), &who.Principal{ID: "alice"})
	if err != nil {
		r.Fatal(err)
	}
	e, err := v.Stat(r.Context(), "/shared")
	if err != nil {
		r.Fatal(err)
	}
	r.shared = files.Mount{Path: []string{"from-alice"}, Space: e.Mount.Space, Root: e.ID, Perm: files.All, Kind: "shared", Owner: "alice"}
}

type reply struct {
	*http.Response
	body string
}

const home = "/remote.php/dav/files/alice"

// as makes the requests that follow those of somebody.
func (r *rig) as(user string) *rig {
	r.user = user
	return r
}

// want does a request and checks its status.
func (r *rig) want(status int, method, url, body string, headers ...string) reply {
	r.Helper()
	res := r.try(method, url, body, headers...)
	if res.StatusCode != status {
		r.Errorf("%s %s as %s: %d, want %d\n%s", method, url, r.user, res.StatusCode, status, res.body)
	}
	return res
}

// try does a request; headers come as "Name: value".
func (r *rig) try(method, url, body string, headers ...string) reply {
	r.Helper()
	req, err := http.NewRequest(method, r.srv.URL+url, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	req.SetBasicAuth(r.user, "x")
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		req.Header.Set(k, v)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.Fatalf("%s %s: %v", method, url, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	return reply{res, string(b)}
}

// has checks that a body contains parts, and none of those after a "-".
func (r *rig) has(res reply, parts ...string) {
	r.Helper()
	for _, p := range parts {
		not, wanted := strings.CutPrefix(p, "-")
		if strings.Contains(res.body, not) == wanted {
			r.Errorf("%q in\n%s", p, res.body)
		}
	}
}
