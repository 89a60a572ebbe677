package links_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/shares"
	"atrium/internal/proto/web"
)

// verbs are the ways into a link over DAV: what to send, and which statuses come
// back from a link for viewing, for editing, for adding, a file drop, and from one
// that opens nothing. N stands for a free name each time.
var verbs = []struct {
	method, path, body string
	headers            []string
	want               [5]int
}{
	{"PROPFIND", "", "", []string{"Depth: 1"}, [5]int{207, 207, 207, 405, 503}},
	{"PROPFIND", "/in", "", []string{"Depth: 0"}, [5]int{207, 207, 207, 405, 503}},
	{"PROPFIND", "/nothing", "", nil, [5]int{404, 404, 404, 405, 503}},
	{"GET", "/a.txt", "", nil, [5]int{200, 200, 200, 405, 503}},
	{"HEAD", "/a.txt", "", nil, [5]int{200, 200, 200, 405, 503}},
	{"GET", "/nothing", "", nil, [5]int{404, 404, 404, 405, 503}},
	{"GET", "/?accept=zip", "", nil, [5]int{200, 200, 200, 405, 503}},
	{"GET", "/in?accept=tar", "", nil, [5]int{200, 200, 200, 405, 503}},
	{"GET", `/?accept=zip&files=["a.txt"]`, "", nil, [5]int{200, 200, 200, 405, 503}},
	{"GET", "/%2e%2e/secret.txt", "", nil, [5]int{404, 404, 404, 404, 503}},
	{"PUT", "/N.txt", "x", nil, [5]int{403, 201, 201, 201, 503}},
	{"PUT", "/a.txt", "changed", nil, [5]int{403, 204, 201, 201, 503}},
	{"PUT", "/a.txt", "changed", []string{`If-Match: "0"`}, [5]int{412, 412, 412, 412, 503}},
	{"PUT", "/nothing/x.txt", "x", nil, [5]int{409, 409, 409, 400, 503}},
	{"MKCOL", "/N", "", nil, [5]int{403, 201, 201, 400, 503}},
	{"MKCOL", "/in", "", nil, [5]int{405, 405, 405, 400, 503}},
	{"MKCOL", "/in", "", []string{"X-NC-Nickname: Zoe"}, [5]int{405, 405, 405, 201, 503}},
	{"MOVE", "/a.txt", "", []string{"Destination: /public.php/dav/files/TOKEN/b.txt"}, [5]int{403, 201, 403, 405, 503}},
	{"COPY", "/keep.txt", "", []string{"Destination: /public.php/dav/files/TOKEN/N.txt"}, [5]int{403, 201, 201, 405, 503}},
	{"COPY", "/keep.txt", "", []string{"Destination: /public.php/dav/files/TOKEN/in"}, [5]int{403, 204, 403, 405, 503}},
	{"MOVE", "/keep.txt", "", []string{"Destination: /public.php/dav/files/other/keep.txt"}, [5]int{403, 403, 403, 405, 503}},
	{"COPY", "/keep.txt", "", []string{"Destination: /remote.php/dav/files/dave1/keep.txt"}, [5]int{403, 403, 403, 403, 503}},
	{"PROPPATCH", "/keep.txt", patchTime, nil, [5]int{207, 207, 207, 405, 503}},
	{"DELETE", "/keep.txt", "", nil, [5]int{403, 204, 403, 405, 503}},
	{"DELETE", "/", "", nil, [5]int{403, 403, 403, 405, 503}},
	{"LOCK", "/a.txt", lockBody, nil, [5]int{501, 501, 501, 501, 503}},
	{"SEARCH", "/", "<x/>", nil, [5]int{501, 501, 501, 501, 503}},
	{"REPORT", "/", "<x/>", nil, [5]int{501, 501, 501, 501, 503}},
	{"PATCH", "/a.txt", "", []string{"X-Recalculate-Hash: SHA1"}, [5]int{501, 501, 501, 501, 503}},
	{"MKCOL", "UPLOAD/u", "", nil, [5]int{403, 201, 201, 201, 503}},
	{"PUT", "UPLOAD/u/1", "chunk", nil, [5]int{403, 201, 201, 201, 503}},
	{"PROPFIND", "UPLOAD", "", nil, [5]int{405, 405, 405, 405, 503}},
	{"GET", "UPLOAD/u/1", "", nil, [5]int{404, 403, 403, 403, 503}},
	{"MOVE", "UPLOAD/u/.file", "", []string{"Destination: /public.php/dav/files/TOKEN/joined.bin"}, [5]int{404, 201, 201, 201, 503}},
	{"PROPFIND", "/../trashbin", "", nil, [5]int{404, 404, 404, 404, 503}},
}

const (
	patchTime = `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:lastmodified>1400000000</d:lastmodified></d:prop></d:set></d:propertyupdate>`
	lockBody  = `<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>`
)

// What each kind of link lets through, verb by verb.
func TestVerbsByLink(t *testing.T) {
	kinds := []struct {
		name string
		perm files.Perm
		end  func(r *rig, token string)
	}{
		{"view", files.Read, nil},
		{"edit", files.Read | files.Update | files.Create | files.Delete, nil},
		{"add", files.Read | files.Create, nil},
		{"drop", files.Create, nil},
		{"expired", files.All, (*rig).expire},
		{"removed", files.All, (*rig).unshare},
		{"target gone", files.All, func(r *rig, _ string) { r.remove("/shared") }},
	}
	for i, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			r := one(t)
			r.mkdir("/shared", "/shared/in", "/other")
			r.put("/shared/a.txt", "first")
			r.put("/shared/keep.txt", "kept")
			r.put("/secret.txt", "secret")
			r.share("TOKEN", "/shared", k.perm)
			r.share("other", "/other", files.All)
			if k.end != nil {
				k.end(r, "TOKEN")
			}
			for n, v := range verbs {
				target := "/public.php/dav/files/TOKEN" + v.path
				if rest, ok := strings.CutPrefix(v.path, "UPLOAD"); ok {
					target = "/public.php/dav/uploads/TOKEN" + rest
				}
				fresh := strings.NewReplacer("N.txt", fmt.Sprintf("new%d.txt", n), "/N", fmt.Sprintf("/new%d", n))
				var hs []string
				for _, h := range v.headers {
					hs = append(hs, fresh.Replace(h))
				}
				hs = append(hs, fmt.Sprintf("From: 198.51.%d.1:1", n)) // so that nobody seems to guess
				r.want(v.want[min(i, 4)], v.method, fresh.Replace(target), v.body, hs...)
			}
		})
	}
}

// A file drop gives the same answers whatever is there already.
func TestDropTellsNothing(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/full", "/full/Zoe", "/full/sub", "/empty")
		r.put("/full/x.txt", "secret")
		r.put("/full/Ann", "a file where a folder goes")
		r.share("full", "/full", files.Create)
		r.share("empty", "/empty", files.Create)
		for _, q := range [][]string{
			{"PUT", "x.txt"}, {"PUT", "sub"}, {"PUT", "x.txt", "If-None-Match: *"}, {"PUT", "x.txt", "If-Match: *"},
			{"PUT", "x.txt/y.txt", "X-NC-Nickname: Zoe"}, {"PUT", "y.txt", "X-NC-Nickname: Ann"}, {"PUT", "y.txt", "X-NC-Nickname: Zoe"},
			{"MKCOL", "sub", "X-NC-Nickname: Zoe"}, {"GET", "x.txt"}, {"HEAD", "x.txt"}, {"DELETE", "x.txt"}, {"PROPFIND", "x.txt"},
			{"PROPFIND", "sub"}, {"COPY", "x.txt", "Destination: /public.php/dav/files/full/z.txt"}, {"GET", "?accept=zip"}, {"OPTIONS", "x.txt"},
			{"PUT", "x.txt", "X-OC-MTime: 1500000000", "X-Hash: sha1"}, {"PUT", ".htaccess"},
		} {
			var told [2]string
			for i, token := range []string{"full", "empty"} {
				w := r.do(q[0], "/public.php/dav/files/"+token+"/"+q[1], "bytes", q[2:]...)
				h := w.Header()
				for _, name := range []string{"Etag", "Oc-Etag", "X-Request-Id"} {
					if h.Get(name) != "" {
						h.Set(name, "one")
					}
				}
				told[i] = fmt.Sprintln(w.Code, h, w.Body)
			}
			if told[0] != told[1] {
				r.Errorf("%v: where files are\n%s, where none are\n%s", q, told[0], told[1])
			}
		}
		got := r.tree("/full")
		if got["/full/x.txt"] != "secret" || got["/full/Ann"] != "a file where a folder goes" || got["/full/Ann (2)/y.txt"] != "bytes" {
			r.Errorf("the drop holds %v", got)
		}
	})
}

// Adding under a taken name takes a free one, also when many are taken.
func TestAddingNeverReplaces(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/in")
		r.share("add", "/in", files.Read|files.Create)
		for i := range 130 {
			r.want(201, "PUT", "/public.php/dav/files/add/photo.jpg", fmt.Sprint(i))
		}
		seen := map[string]bool{}
		for _, body := range r.tree("/in") {
			seen[body] = true
		}
		if len(seen) != 130 {
			r.Errorf("%d of 130 files are left", len(seen))
		}
	})
}

// A token that is somebody's user id mixes nothing of theirs with its visitors'.
func TestTokenLikeAUserID(t *testing.T) {
	r := one(t)
	r.mkdir("/in")
	r.put("/private.txt", "private")
	r.share(owner, "/in", files.All)
	as := func(req *http.Request) *http.Request {
		return req.WithContext(who.With(req.Context(), &who.Principal{ID: owner, Via: who.ViaAppPassword}))
	}
	w := httptest.NewRecorder()
	if err := r.board.DAV.Serve(w, as(httptest.NewRequest("MKCOL", "/remote.php/dav/uploads/dave1/mine", nil))); err != nil || w.Code != 201 {
		t.Fatal(w.Code, err)
	}
	r.want(404, "PUT", "/public.php/dav/uploads/dave1/mine/1", "x")
	r.want(404, "GET", "/public.php/dav/files/dave1/private.txt", "")
	r.want(201, "MKCOL", "/public.php/dav/uploads/dave1/theirs", "")
	w = httptest.NewRecorder()
	if err := r.board.DAV.Serve(w, as(httptest.NewRequest("PROPFIND", "/remote.php/dav/uploads/dave1", nil))); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(w.Body.String(), "theirs") {
		t.Errorf("the owner's uploads hold a visitor's: %s", w.Body)
	}
	w = r.want(207, "PROPFIND", "/public.php/dav/files/dave1/", `<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:favorite/><d:current-user-principal/></d:prop></d:propfind>`)
	want := map[string]map[string]string{"/public.php/dav/files/dave1/": {"favorite": "404 Not Found", "current-user-principal": "404 Not Found"}}
	if diff := cmp.Diff(want, multistatus(t, w.Body.String())); diff != "" {
		t.Error(diff)
	}
}

// A link to a single file can be written when it may be, and nothing else can be
// made of it.
func TestLinkToAFile(t *testing.T) {
	r := one(t)
	r.mkdir("/in")
	r.put("/in/a.txt", "before")
	r.share("file", "/in/a.txt", files.Read|files.Update)
	r.want(204, "PUT", "/public.php/dav/files/file", "after")
	if got := r.want(200, "GET", "/public.php/dav/files/file", "").Body.String(); got != "after" {
		t.Errorf("the file says %q", got)
	}
	r.want(404, "GET", "/public.php/dav/files/file/a.txt", "")
	r.want(409, "PUT", "/public.php/dav/files/file/b.txt", "x")
	r.want(403, "DELETE", "/public.php/dav/files/file", "")
	if diff := cmp.Diff(map[string]string{"/in/a.txt": "after"}, r.tree("/in")); diff != "" {
		t.Error(diff)
	}
}

// A download counts once, however many pieces it is fetched in, and beyond the
// limit the link opens nothing but what is being downloaded.
func TestDownloadLimit(t *testing.T) {
	each(t, func(r *rig) {
		r.put("/a.txt", "0123456789")
		r.share("twice", "/a.txt", files.Read)
		if err := r.shares.Limit(r.Context(), &who.Principal{ID: owner}, "twice", 2); err != nil {
			r.Fatal(err)
		}
		const at = "/public.php/dav/files/twice"
		r.want(207, "PROPFIND", at, "")
		r.want(200, "HEAD", at, "")
		if got := r.reads(); got != nil {
			r.Errorf("looking counts as reading: %v", got)
		}
		etag := r.want(200, "GET", at, "").Header().Get("ETag")
		r.want(304, "GET", at, "", "If-None-Match: "+etag)
		r.want(206, "GET", at, "", "Range: bytes=0-3", "User-Agent: other")
		r.want(206, "GET", at, "", "Range: bytes=4-9", "User-Agent: other")
		r.want(503, "GET", at, "", "User-Agent: third")
		r.want(206, "GET", at, "", "Range: bytes=8-9", "User-Agent: other")
		if diff := cmp.Diff([]string{"a.txt", "a.txt"}, r.reads()); diff != "" {
			r.Error(diff)
		}
		r.later(25 * time.Hour)
		r.want(503, "GET", at, "", "Range: bytes=8-9", "User-Agent: other")
	})
}

// Archives are downloads too, and a link that allows none gives neither.
func TestNoDownload(t *testing.T) {
	r := one(t)
	r.mkdir("/in")
	r.put("/in/a.txt", "a")
	r.share("open", "/in", files.Read)
	r.share("look", "/in", files.Read, sealed)
	r.want(200, "GET", "/public.php/dav/files/open/", "", "Accept: application/zip")
	r.want(200, "GET", "/public.php/dav/files/open/", "")
	if diff := cmp.Diff([]string{"in"}, r.reads()); diff != "" {
		t.Error(diff)
	}
	r.want(207, "PROPFIND", "/public.php/dav/files/look/", "")
	r.want(403, "GET", "/public.php/dav/files/look/a.txt", "")
	r.want(403, "GET", "/public.php/dav/files/look/", "", "Accept: application/zip")
}

// Who guesses at a link's password is slowed down and then refused; who knows it
// is not.
func TestGuessing(t *testing.T) {
	r := one(t)
	r.put("/a.txt", "a")
	r.share("locked", "/a.txt", files.Read, password("right"))
	const at = "/public.php/dav/files/locked"
	auth := func(password string) string {
		req := httptest.NewRequest("GET", "/", nil)
		req.SetBasicAuth("anonymous", password)
		return "Authorization: " + req.Header.Get("Authorization")
	}
	r.want(200, "GET", at, "", auth("right"))
	for i := range 3 {
		r.want(401, "GET", at, "", auth(fmt.Sprint(i)))
	}
	rows, err := r.people.Delayed(t.Context())
	if err != nil || len(rows) == 0 || rows[len(rows)-1].Account != fmt.Sprintf("link/%d", r.ids["locked"]) || rows[len(rows)-1].Count != 3 {
		t.Errorf("the guesses: %+v, %v", rows, err)
	}
	r.want(200, "GET", at, "", auth("right")) // which was right before
	r.want(401, "GET", at, "")
	other := "other"
	r.change("locked", shares.Change{Password: &other})
	r.want(401, "GET", at, "", auth("right"))
	r.want(200, "GET", at, "", auth("other"))
}

// What runs ends when the link does; with -v the test tells how soon.
func TestRevokedWhileDownloading(t *testing.T) {
	r := one(t)
	r.mkdir("/big")
	word, drop := "another", files.Create
	r.put("/big/big.bin", strings.Repeat("0123456789abcdef", 4<<20))
	for n, end := range []struct {
		name string
		do   func(token string)
	}{
		{"removed", r.unshare},
		{"expired", r.expire},
		{"another password", func(token string) { r.change(token, shares.Change{Password: &word}) }},
		{"a file drop now", func(token string) { r.change(token, shares.Change{Perms: &drop}) }},
		{"another address", func(token string) { r.change(token, shares.Change{Token: &word}) }},
		{"deleted", func(string) { r.remove("/big") }},
	} {
		t.Run(end.name, func(t *testing.T) {
			token := fmt.Sprint("big", n)
			r.share(token, "/big", files.Read)
			over := make(chan time.Time, 1)
			cfg := web.Config{Still: r.room.Still, Stall: time.Minute, Done: func(context.Context, web.Summary) { over <- time.Now() }}
			srv := httptest.NewServer(web.NewDoor(cfg, r.board.Web))
			defer srv.Close()
			res, err := http.Get(srv.URL + "/public.php/dav/files/" + token + "/big.bin")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			end.do(token)
			began := time.Now()
			t.Logf("ended after %v", (<-over).Sub(began).Round(time.Millisecond))
			if n, err := io.Copy(io.Discard, res.Body); err == nil {
				t.Errorf("all %d bytes came", n)
			}
		})
	}
}

// Of many who add a file of one name at once each finds a place.
func TestManyAddAtOnce(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/in")
		r.share("drop", "/in", files.Create)
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() { r.want(201, "PUT", "/public.php/dav/files/drop/a.txt", fmt.Sprint(i)) })
		}
		wg.Wait()
		if got := r.tree("/in"); len(got) != 24 {
			r.Errorf("%d of 24 files are there", len(got))
		}
	})
}

// A link that somebody made of what they received ends with what they received.
func TestLinkOfARecipient(t *testing.T) {
	r := one(t)
	r.mkdir("/in")
	r.put("/in/a.txt", "a")
	if _, err := r.people.Create(t.Context(), identity.NewUser{ID: "bob", Password: "Long-enough-2026!", Unjudged: true}); err != nil {
		t.Fatal(err)
	}
	give := func(uid string, path string, w shares.Wish) shares.Share {
		v, err := r.files.As(t.Context(), &who.Principal{ID: uid})
		if err != nil {
			t.Fatal(err)
		}
		e, err := v.Stat(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := r.shares.Give(t.Context(), &who.Principal{ID: uid}, e, w)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	all, look := files.All, files.Read|files.Share
	first := give(owner, "/in", shares.Wish{Kind: shares.User, Recipient: "bob", Perms: &all})
	at := "/public.php/dav/files/" + give("bob", "/in", shares.Wish{Kind: shares.Link, Perms: &all}).Token
	r.want(201, "PUT", at+"/new.txt", "x")
	if _, err := r.shares.Change(t.Context(), &who.Principal{ID: owner}, first.ID, shares.Change{Perms: &look}); err != nil {
		t.Fatal(err)
	}
	r.want(403, "PUT", at+"/new.txt", "y")
	r.want(200, "GET", at+"/a.txt", "")
	r.ids["first"] = first.ID
	r.unshare("first")
	r.want(503, "GET", at+"/a.txt", "")
}
