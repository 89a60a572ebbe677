package davfiles_test

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/feature/davfiles"
	"atrium/internal/feature/locks"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// schemas are the tables that the room and what it stands on need.
var schemas = []db.Schema{settings.Schema, tree.Schema, content.Schema, davfiles.Schema, locks.Schema}

// rig is a server with nothing but the DAV room and that of locks, where a Basic
// user name is enough to be somebody.
type rig struct {
	testing.TB
	srv   *httptest.Server
	db    *db.DB
	files *files.Service
	store *content.Store
	room  *davfiles.Room
	board *plug.Board
	user  string
	asked atomic.Pointer[atomic.Int64] // counts the statements of the last request
}

// counting counts the statements of each request.
func (r *rig) counting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, n := db.Count(req.Context())
		r.asked.Store(n)
		next.ServeHTTP(w, req.WithContext(ctx))
	})
}

type byName struct{}

func (byName) Authenticate(r *http.Request) (*who.Principal, error) {
	name, _, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	display := strings.ToUpper(name[:1]) + name[1:]
	if strings.HasPrefix(name, "dave") { // of the recordings
		display += " Dav"
	}
	return &who.Principal{ID: name, Display: display, Login: name, Via: who.ViaAppPassword}, nil
}

func newRig(t testing.TB, d *db.DB, b blob.Driver) *rig {
	c := content.New(d, b)
	f := files.New(d, tree.New(d), c, func(context.Context, *db.DB, interface{ EventName() string }) error { return nil })
	r := &rig{TB: t, db: d, files: f, store: c, room: davfiles.New(d, f, c, "ocinstance00"), user: "alice"}
	m := web.NewMux()
	r.board = &plug.Board{Web: m, OCS: ocs.NewMux(m), DAV: dav.NewMux("/remote.php/dav"), Hook: &f.Hooks, Jobs: jobs.New(d)}
	r.room.Plug(r.board)
	locks.New(d, f, identity.New(d, nil, nil), settings.New(d)).Plug(r.board)
	r.srv = httptest.NewServer(r.counting(web.NewDoor(web.Config{Auth: []web.Authenticator{byName{}}, Stall: time.Hour}, r.board.Web)))
	t.Cleanup(r.srv.Close)
	return r
}

// each runs f on a rig over every database.
func each(t *testing.T, f func(r *rig)) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(newRig(t, d, mem.New())) })
}

// one runs f on a rig over SQLite, for what no database makes different.
func one(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, schemas...), mem.New()) }

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body string
}

const home = "/remote.php/dav/files/alice"

// request makes a request; headers come as "Name: value".
func (r *rig) request(method, url, body string, headers ...string) *http.Request {
	r.Helper()
	var rd io.Reader
	if body != "" {
		rd = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, r.srv.URL+url, rd)
	if err != nil {
		r.Fatal(err)
	}
	if r.user != "" {
		req.SetBasicAuth(r.user, "x")
	}
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		req.Header.Set(k, v)
	}
	return req
}

// stream sends a request whose answer is read by the caller.
func (r *rig) stream(method, url string, headers ...string) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(r.request(method, url, "", headers...))
}

// do sends a request and reads the answer.
func (r *rig) do(method, url, body string, headers ...string) reply {
	r.Helper()
	res, err := http.DefaultTransport.RoundTrip(r.request(method, url, body, headers...))
	if err != nil {
		r.Fatalf("%s %s: %v", method, url, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatalf("%s %s: %v", method, url, err)
	}
	return reply{res, string(b)}
}

// want does a request and checks its status.
func (r *rig) want(status int, method, url, body string, headers ...string) reply {
	r.Helper()
	res := r.do(method, url, body, headers...)
	if res.StatusCode != status {
		r.Errorf("%s %s: %d, want %d\n%s", method, url, res.StatusCode, status, res.body)
	}
	return res
}

// has checks that a body contains parts.
func (r *rig) has(res reply, parts ...string) {
	r.Helper()
	for _, p := range parts {
		if !strings.Contains(res.body, p) {
			r.Errorf("no %q in\n%s", p, res.body)
		}
	}
}

func sha1Of(s string) string { return fmt.Sprintf("%x", sha1.Sum([]byte(s))) }
