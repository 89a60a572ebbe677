// Package davtest is a server with files for the tests of rooms that hang
// something on them: a Basic user name is enough to be somebody, every statement
// is counted, and recorded exchanges are replayed and compared (golden.go).
package davtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
	"atrium/internal/infra/blob"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Rig is the server, and who calls it at present.
type Rig struct {
	testing.TB
	Srv      *httptest.Server
	DB       *db.DB
	Files    *files.Service
	People   *identity.Directory
	Settings *settings.Store
	DAV      *davfiles.Room
	Board    *plug.Board
	User     string
	Groups   map[string][]string // of users; "admin" is an administrator
	Display  func(uid string) string

	mu     sync.Mutex
	mounts map[string][]files.Mount // what users received
	events []Event
	asked  atomic.Pointer[atomic.Int64]
}

// Event is what rooms publish.
type Event = interface{ EventName() string }

// All is the schemas that a Rig needs, and further ones.
func All(more ...db.Schema) []db.Schema {
	return append([]db.Schema{settings.Schema, identity.Schema, jobs.Schema, tree.Schema, content.Schema, davfiles.Schema}, more...)
}

// New makes a Rig over a database with the tables of All. rooms makes what is
// plugged in after the files.
func New(t testing.TB, d *db.DB, blobs blob.Driver, rooms func(r *Rig) []plug.Room) *Rig {
	t.Helper()
	r := &Rig{TB: t, DB: d, User: "alice", Groups: map[string][]string{}, mounts: map[string][]files.Mount{}}
	r.Display = func(uid string) string { return strings.ToUpper(uid[:1]) + uid[1:] }
	c := content.New(d, blobs)
	r.Files = files.New(d, tree.New(d), c, r.Publish)
	r.People = identity.New(d, nil, nil)
	r.People.Tell = func(context.Context, *db.DB, event.AccountChanged) error { return nil }
	r.People.OnRemoved(r.Files.DropHome)
	r.Settings = settings.New(d)
	m := web.NewMux()
	r.Board = &plug.Board{Web: m, OCS: ocs.NewMux(m), DAV: dav.NewMux("/remote.php/dav"), Hook: &r.Files.Hooks, Jobs: jobs.New(d)}
	r.DAV = davfiles.New(d, r.Files, c, "ocinstance00")
	r.DAV.Publish = r.Publish
	r.DAV.Plug(r.Board)
	for _, room := range rooms(r) {
		room.Plug(r.Board)
	}
	r.Files.Hooks.Mounters = append(r.Files.Hooks.Mounters, received{r})
	door := web.NewDoor(web.Config{Auth: []web.Authenticator{r}, Stall: time.Hour}, m)
	r.Srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, n := db.Count(req.Context())
		r.asked.Store(n)
		door.ServeHTTP(w, req.WithContext(ctx))
	}))
	t.Cleanup(r.Srv.Close)
	return r
}

// Principal is somebody as the door lets them in.
func (r *Rig) Principal(uid string) *who.Principal {
	p := &who.Principal{ID: uid, Display: r.Display(uid), Login: uid, Groups: r.Groups[uid], Via: who.ViaAppPassword}
	if uid == "admin" {
		p.Role = who.Admin
	}
	return p
}

// Authenticate implements web.Authenticator.
func (r *Rig) Authenticate(req *http.Request) (*who.Principal, error) {
	name, _, ok := req.BasicAuth()
	if !ok {
		return nil, nil
	}
	return r.Principal(name), nil
}

// Publish keeps what rooms tell.
func (r *Rig) Publish(_ context.Context, _ *db.DB, ev Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, ev)
	return nil
}

// Told returns the events of one kind since the last call.
func Told[E Event](r *Rig) (out []E) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = slices.DeleteFunc(r.events, func(ev Event) bool {
		e, is := ev.(E)
		if is {
			out = append(out, e)
		}
		return is
	})
	return out
}

type received struct{ r *Rig }

// Mounts implements files.Mounter.
func (s received) Mounts(_ context.Context, p *who.Principal) ([]files.Mount, error) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	return slices.Clone(s.r.mounts[p.ID]), nil
}

// View is the tree of somebody.
func (r *Rig) View(uid string) *files.View {
	r.Helper()
	v, err := r.Files.As(r.Context(), r.Principal(uid))
	if err != nil {
		r.Fatal(err)
	}
	return v
}

// ID is the node at a path of the present user.
func (r *Rig) ID(path string) int64 {
	r.Helper()
	e, err := r.View(r.User).Stat(r.Context(), path)
	if err != nil {
		r.Fatal(err)
	}
	return e.ID
}

// Share shows what lies at a path of the present user to another one, by the same
// name in their home.
func (r *Rig) Share(path, with string, perm files.Perm) {
	r.Helper()
	e, err := r.View(r.User).Stat(r.Context(), path)
	if err != nil {
		r.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mounts[with] = append(r.mounts[with], files.Mount{Path: []string{e.Base()}, Space: e.Mount.Space, Root: e.ID, Perm: perm, Kind: "shared", Owner: r.User})
}

// Put makes files and, of paths that end in a slash, folders of the present user.
// The contents of a file are its path.
func (r *Rig) Put(paths ...string) {
	r.Helper()
	for _, p := range paths {
		method, body := "PUT", p
		if strings.HasSuffix(p, "/") {
			method, body = "MKCOL", ""
		}
		r.Want(201, method, r.Home()+p, body)
	}
}

// Home is the address of the present user's files.
func (r *Rig) Home() string { return "/remote.php/dav/files/" + r.User }

// Reply is an answer with its body read.
type Reply struct {
	*http.Response
	Body string
}

// As makes the requests that follow those of somebody; "" is nobody.
func (r *Rig) As(user string) *Rig {
	r.User = user
	return r
}

// Try does a request; headers come as "Name: value".
func (r *Rig) Try(method, url, body string, headers ...string) Reply {
	r.Helper()
	req, err := http.NewRequest(method, r.Srv.URL+url, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	if r.User != "" {
		req.SetBasicAuth(r.User, "x")
	}
	if strings.Contains(url, "/ocs/") {
		req.Header.Set("OCS-APIRequest", "true")
		req.Header.Set("Accept", "application/json")
	}
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		req.Header.Set(k, v)
	}
	return r.send(req)
}

func (r *Rig) send(req *http.Request) Reply {
	r.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	return Reply{res, string(b)}
}

// Want does a request and checks its status.
func (r *Rig) Want(status int, method, url, body string, headers ...string) Reply {
	r.Helper()
	res := r.Try(method, url, body, headers...)
	if res.StatusCode != status {
		r.Errorf("%s %s as %s: %d, want %d\n%s", method, url, r.User, res.StatusCode, status, res.Body)
	}
	return res
}

// Asked is how many statements the last request ran.
func (r *Rig) Asked() int64 { return r.asked.Load().Load() }

// Has checks that a body contains parts, and none that begin with a minus.
func (r *Rig) Has(res Reply, parts ...string) {
	r.Helper()
	for _, p := range parts {
		not, absent := strings.CutPrefix(p, "-")
		if strings.Contains(res.Body, not) == absent {
			r.Errorf("%q in\n%s", p, res.Body)
		}
	}
}

// Data decodes the data of an OCS answer.
func Data[T any](r *Rig, res Reply) (v T) {
	r.Helper()
	var doc struct {
		OCS struct{ Data json.RawMessage }
	}
	if err := json.Unmarshal([]byte(res.Body), &doc); err != nil {
		r.Fatalf("%v in %s", err, res.Body)
	}
	if err := json.Unmarshal(doc.OCS.Data, &v); err != nil {
		r.Errorf("%v in %s", err, doc.OCS.Data)
	}
	return v
}

// Props asks for properties, such as "oc:id", and returns what the first response
// says of each it has.
func (r *Rig) Props(url string, names ...string) map[string]string {
	r.Helper()
	res := r.Want(207, "PROPFIND", url, Propfind(names...), "Depth: 0")
	out := map[string]string{}
	for _, n := range names {
		m := regexp.MustCompile(`(?s)<` + n + `>(.*?)</` + n + `>|<` + n + `/>`).FindStringSubmatch(strings.Split(res.Body, "HTTP/1.1 404")[0])
		if m != nil {
			out[n] = m[1]
		}
	}
	return out
}

// Propfind is the body that asks for properties.
func Propfind(names ...string) string {
	return `<d:propfind ` + spaces + `><d:prop><` + strings.Join(names, "/><") + `/></d:prop></d:propfind>`
}

// Propset is the body that sets a property to a value, which is XML.
func Propset(name, value string) string {
	return fmt.Sprintf(`<d:propertyupdate %s><d:set><d:prop><%s>%s</%s></d:prop></d:set></d:propertyupdate>`, spaces, name, value, name)
}

const spaces = `xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"`

// Run executes an admin command, which must succeed, and returns what it prints.
func (r *Rig) Run(args ...string) string {
	r.Helper()
	out, code := r.TryRun(args...)
	if code != cli.OK {
		r.Errorf("%v: %d %s", args, code, out)
	}
	return out
}

// TryRun executes an admin command.
func (r *Rig) TryRun(args ...string) (out string, code int) {
	root := cli.Root("atrium", "", "")
	for _, c := range r.Board.CLI.All() {
		cli.Add(root, c)
	}
	var b bytes.Buffer
	root.SetOut(&b)
	root.SetErr(&b)
	code = cli.Run(r.Context(), root, args)
	return b.String(), code
}

// Count is the number of rows of a table.
func (r *Rig) Count(table string) int64 {
	r.Helper()
	n, err := db.One(r.Context(), r.DB, db.Scan1[int64], "SELECT COUNT(*) FROM "+table)
	if err != nil {
		r.Fatal(err)
	}
	return n
}

// Last is the number at the end of an address, such as that of a Content-Location.
func Last(url string) string {
	last := url[strings.LastIndexByte(url, '/')+1:]
	if _, err := strconv.Atoi(last); err != nil {
		return ""
	}
	return last
}

// Shown is a hook by which people count as viewers of a node and what is below.
func Shown(node int64, uids ...string) files.Mounter { return shown{node, uids} }

type shown struct {
	node int64
	uids []string
}

// Mounts implements files.Mounter.
func (shown) Mounts(context.Context, *who.Principal) ([]files.Mount, error) { return nil, nil }

// Viewers implements files.Audience.
func (s shown) Viewers(_ context.Context, chains map[int64][]tree.Node, add func(node int64, uid string)) error {
	for id, chain := range chains {
		for _, uid := range s.uids {
			if slices.ContainsFunc(chain, func(n tree.Node) bool { return n.ID == s.node }) {
				add(id, uid)
			}
		}
	}
	return nil
}

// Escape makes a name one segment of an address.
func Escape(name string) string { return strings.ReplaceAll(url.QueryEscape(name), "+", "%20") }
