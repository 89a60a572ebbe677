package links_test

import (
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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
	"atrium/internal/feature/links"
	"atrium/internal/feature/shares"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

var schemas = []db.Schema{settings.Schema, identity.Schema, tree.Schema, content.Schema, davfiles.Schema, shares.Schema, links.Schema}

// rig is a server with the file tree of dave1, who has made links.
type rig struct {
	testing.TB
	files  *files.Service
	people *identity.Directory
	hashes *seal.Passwords
	room   *links.Room
	board  *plug.Board
	door   *web.Door
	shares *shares.Room
	ids    map[string]int64 // of links, by token

	mu     sync.Mutex
	clock  time.Time
	events []event.LinkRead
}

const owner = "dave1"

func each(t *testing.T, f func(r *rig)) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func one(t *testing.T) *rig { return newRig(t, dbtest.SQLite(t, schemas...)) }

func newRig(t testing.TB, d *db.DB) *rig {
	box, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{TB: t, clock: time.Now()}
	r.ids = map[string]int64{}
	now := r.now
	c := content.New(d, mem.New())
	r.files = files.New(d, tree.New(d), c, r.publish)
	r.hashes = seal.NewPasswordsWith(seal.Cost{Memory: 64, Time: 1, Threads: 1}, 4)
	r.people = identity.New(d, box, r.hashes)
	r.people.Now = now
	sets := settings.New(d)
	if err := sets.Set(t.Context(), "core", "shareapi_allow_custom_tokens", "yes"); err != nil {
		t.Fatal(err)
	}
	r.shares = shares.New(d, tree.New(d), r.files, r.people, sets, r.hashes, r.publish)
	r.shares.Now = now
	if r.room, err = links.New(d, r.files, store{r.shares}, r.people, r.hashes, box, r.publish); err != nil {
		t.Fatal(err)
	}
	r.room.Now = now
	r.board = &plug.Board{Web: web.NewMux(), DAV: dav.NewMux("/remote.php/dav"), Hook: &r.files.Hooks, Jobs: jobs.New(d)}
	davfiles.New(d, r.files, c, "ocinstance00").Plug(r.board)
	r.shares.Plug(r.board)
	r.room.Plug(r.board)
	r.door = web.NewDoor(web.Config{Still: r.room.Still}, r.board.Web)
	if _, err := r.people.Create(t.Context(), identity.NewUser{ID: owner, Display: "Dave One", Password: "Long-enough-2026!", Unjudged: true}); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) publish(_ context.Context, _ *db.DB, ev interface{ EventName() string }) error {
	if read, ok := ev.(event.LinkRead); ok {
		r.mu.Lock()
		r.events = append(r.events, read)
		r.mu.Unlock()
	}
	return nil
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clock
}

// later lets time pass.
func (r *rig) later(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = r.clock.Add(d)
}

// reads tells of the downloads since it was asked last, by name.
func (r *rig) reads() (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ev := range r.events {
		names = append(names, ev.Name)
	}
	r.events = nil
	return names
}

// view is the owner's.
func (r *rig) view() *files.View {
	v, err := r.files.As(r.Context(), &who.Principal{ID: owner})
	if err != nil {
		r.Fatal(err)
	}
	return v
}

func (r *rig) mkdir(paths ...string) {
	r.Helper()
	for _, p := range paths {
		if _, err := r.view().Mkdir(r.Context(), p); err != nil {
			r.Fatal(p, err)
		}
	}
}

func (r *rig) put(path, body string) {
	r.Helper()
	if _, err := r.view().Write(r.Context(), path, files.Put{Body: strings.NewReader(body), Size: int64(len(body))}); err != nil {
		r.Fatal(path, err)
	}
}

// tree lists all that the owner has below a folder, with the bytes of files.
func (r *rig) tree(path string) map[string]string {
	r.Helper()
	v, out := r.view(), map[string]string{}
	top, err := v.Stat(r.Context(), path)
	if err != nil {
		r.Fatal(err)
	}
	for e, err := range v.Below(r.Context(), top) {
		if err != nil {
			r.Fatal(err)
		}
		out[e.Path] = ""
		if e.IsDir() {
			continue
		}
		rc, err := v.Open(r.Context(), e, 0, -1)
		if err != nil {
			r.Fatal(err)
		}
		b, err := io.ReadAll(rc)
		rc.Close()
		if err != nil {
			r.Fatal(err)
		}
		out[e.Path] = string(b)
	}
	return out
}

// store shows the shares of the room that keeps them as links, as the house does.
type store struct{ shares *shares.Room }

func (s store) LinkByToken(ctx context.Context, token string) (*links.Link, error) {
	sh, w, err := s.shares.ByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	l := &links.Link{ID: sh.ID, Token: sh.Token, Mount: w.Mount(), Sharer: sh.Sharer, Password: sh.Password, Label: sh.Label, Note: sh.Note, Expires: sh.Expires,
		HideDownload: sh.HideDownload, Limit: sh.MaxDownloads, Count: sh.Downloads, Request: strings.Contains(sh.Attributes, "fileRequest")}
	if l.Mount.Perm = w.Perms; !l.Mount.Sealed && !l.Request {
		l.Attributes = sh.Attributes
	}
	return l, nil
}

func (s store) CountDownload(ctx context.Context, tx *db.DB, id int64) error {
	return s.shares.Downloaded(ctx, tx, id)
}

// wish is how a link is to be.
type wish func(w *shares.Wish)

func password(text string) wish { return func(w *shares.Wish) { w.Password = text } }
func labelled(text string) wish { return func(w *shares.Wish) { w.Label = text } }
func noted(text string) wish    { return func(w *shares.Wish) { w.Note = text } }
func hidden(w *shares.Wish)     { w.HideDownload = true }
func sealed(w *shares.Wish) {
	s := `[{"scope":"permissions","key":"download","value":false}]`
	w.Attributes = &s
}

func request(w *shares.Wish) {
	s := `[{"scope":"fileRequest","key":"enabled","value":true}]`
	w.Attributes = &s
}

func until(day time.Time) wish {
	s := day.Format(time.DateOnly)
	return func(w *shares.Wish) { w.Expires = &s }
}

// share makes a link with a token.
func (r *rig) share(token, path string, perm files.Perm, how ...wish) {
	r.Helper()
	e, err := r.view().Stat(r.Context(), path)
	if err != nil {
		r.Fatal(path, err)
	}
	w := shares.Wish{Kind: shares.Link, Perms: &perm}
	for _, f := range how {
		f(&w)
	}
	s, _, err := r.shares.Give(r.Context(), &who.Principal{ID: owner}, e, w)
	if err != nil {
		r.Fatal(token, err)
	}
	r.ids[token] = s.ID
	r.change(token, shares.Change{Token: &token})
}

func (r *rig) change(token string, c shares.Change) {
	r.Helper()
	if _, err := r.shares.Change(r.Context(), &who.Principal{ID: owner}, r.ids[token], c); err != nil {
		r.Fatal(token, err)
	}
}

// expire lets a link run out: three days pass.
func (r *rig) expire(token string) {
	r.Helper()
	day := r.now().AddDate(0, 0, 2).Format(time.DateOnly)
	r.change(token, shares.Change{Expires: &day})
	r.later(72 * time.Hour)
}

func (r *rig) unshare(token string) {
	r.Helper()
	if err := r.shares.Unshare(r.Context(), &who.Principal{ID: owner}, r.ids[token]); err != nil {
		r.Fatal(token, err)
	}
}

func (r *rig) remove(path string) {
	r.Helper()
	v := r.view()
	e, err := v.Stat(r.Context(), path)
	if err == nil {
		err = v.Remove(r.Context(), e, nil)
	}
	if err != nil {
		r.Fatal(path, err)
	}
}

// do sends a request; headers come as "Name: value", From is the address.
func (r *rig) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		req.Header.Set(k, v)
	}
	if from := req.Header.Get("From"); from != "" {
		req.RemoteAddr = from
	}
	return r.send(req)
}

func (r *rig) send(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	defer func() { // an answer that was cut off
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			panic(v)
		}
	}()
	r.door.ServeHTTP(w, req)
	return w
}

// want does a request and checks its status.
func (r *rig) want(status int, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r.Helper()
	w := r.do(method, target, body, headers...)
	if w.Code != status {
		r.Errorf("%s %s: %d, want %d\n%s", method, target, w.Code, status, w.Body)
	}
	return w
}

// multistatus is a listing: href → property → value; "-" for one that is missing.
func multistatus(t testing.TB, body string) map[string]map[string]string {
	t.Helper()
	var doc struct {
		Responses []struct {
			Href     string `xml:"href"`
			Propstat []struct {
				Status string `xml:"status"`
				Prop   struct {
					Props []struct {
						XMLName xml.Name
						Inner   string `xml:",innerxml"`
					} `xml:",any"`
				} `xml:"prop"`
			} `xml:"propstat"`
		} `xml:"response"`
	}
	if err := xml.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	out := map[string]map[string]string{}
	for _, res := range doc.Responses {
		props := map[string]string{}
		for _, ps := range res.Propstat {
			for _, p := range ps.Prop.Props {
				v := p.Inner
				if !strings.Contains(ps.Status, " 200 ") {
					_, v, _ = strings.Cut(ps.Status, " ")
				}
				props[p.XMLName.Local] = v
			}
		}
		out[res.Href] = props
	}
	return out
}
