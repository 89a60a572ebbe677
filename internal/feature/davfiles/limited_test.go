package davfiles_test

import (
	"archive/zip"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

// limitedTo lets alice in with a credential that is limited.
type limitedTo struct{ *who.Scope }

func (l limitedTo) Authenticate(*http.Request) (*who.Principal, error) {
	return &who.Principal{ID: "alice", Display: "Alice", Login: "alice", Via: who.ViaAppPassword, TokenID: 1, Scope: l.Scope}, nil
}

// limited is the same server for a client with a limited credential.
func (r *rig) limited(s *who.Scope) *rig {
	out := &rig{TB: r.TB, db: r.db, files: r.files, room: r.room, board: r.board, user: r.user}
	out.srv = httptest.NewServer(out.counting(web.NewDoor(web.Config{Auth: []web.Authenticator{limitedTo{s}}, Stall: time.Hour}, r.board.Web)))
	r.Cleanup(out.srv.Close)
	return out
}

func (r *rig) idOf(path string) int64 {
	r.Helper()
	res := r.want(207, "PROPFIND", home+path, `<d:propfind `+spaces+`><d:prop><oc:fileid/></d:prop></d:propfind>`, "Depth: 0")
	id, err := strconv.ParseInt(regexp.MustCompile("<oc:fileid>([0-9]+)").FindStringSubmatch(res.body)[1], 10, 64)
	if err != nil {
		r.Fatal(err)
	}
	return id
}

// responses are the parts of a multistatus by href.
func responses(body string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(body, "<d:response>") {
		if m := regexp.MustCompile("^<d:href>([^<]*)</d:href>").FindStringSubmatch(part); m != nil {
			part, _, _ = strings.Cut(part, "</d:response>")
			out[strings.TrimPrefix(m[1], home)] = part[len(m[0]):]
		}
	}
	return out
}

func office(r *rig) (shared, lone int64) {
	for _, p := range []string{"/docs", "/docs/shared", "/docs/shared/deep", "/private"} {
		r.want(201, "MKCOL", home+p, "")
	}
	for _, p := range []string{"/docs/shared/a.txt", "/docs/shared/deep/b.txt", "/docs/c.txt", "/private/d.txt", "/lone.txt", "/other.txt"} {
		r.want(201, "PUT", home+p, "body of "+p)
		r.want(207, "PROPPATCH", home+p, `<d:propertyupdate `+spaces+`><d:set><d:prop><oc:favorite>1</oc:favorite></d:prop></d:set></d:propertyupdate>`)
	}
	return r.idOf("/docs/shared"), r.idOf("/lone.txt")
}

// volatile are the properties of a folder on the way that tell of what is hidden
// when nothing is.
var volatile = regexp.MustCompile(`<(oc:permissions|oc:size|d:quota-used-bytes|d:getetag|x1:share-permissions)>[^<]*<`)

// A sync client with a limited credential gets a whole answer: every entry that it
// may see, each with every property that it would otherwise get.
func TestListingsOfALimitedCredentialAreWhole(t *testing.T) {
	each(t, func(r *rig) {
		shared, lone := office(r)
		l := r.limited(&who.Scope{Rooms: []string{who.FilesRoom}, Folders: []int64{shared, lone}})
		want := []string{"/", "/docs/", "/docs/shared/", "/docs/shared/a.txt", "/docs/shared/deep/", "/docs/shared/deep/b.txt", "/lone.txt"}
		all := map[string]string{}
		for _, p := range []string{"/", "/docs/", "/docs/shared/", "/docs/shared/deep/", "/private/"} {
			for href, props := range responses(r.want(207, "PROPFIND", home+p, desktopProps, "Depth: 1").body) {
				all[href] = props
			}
		}
		got := map[string]string{}
		for _, p := range []string{"/", "/docs/", "/docs/shared/", "/docs/shared/deep/"} {
			for href, props := range responses(l.want(207, "PROPFIND", home+p, desktopProps, "Depth: 1").body) {
				got[href] = props
			}
		}
		var hrefs []string
		for href, props := range got {
			hrefs = append(hrefs, href)
			if diff := cmp.Diff(volatile.ReplaceAllString(all[href], "<$1><"), volatile.ReplaceAllString(props, "<$1><")); diff != "" {
				t.Errorf("%s (-want +got)\n%s", href, diff)
			}
			if strings.HasPrefix(href, "/docs/shared/") && href != "/docs/shared/" && props != all[href] {
				t.Errorf("%s is shown otherwise than to who is not limited\n%s", href, cmp.Diff(all[href], props))
			}
		}
		slices.Sort(hrefs)
		if diff := cmp.Diff(want, hrefs); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		for href, letters := range map[string]string{"/": "G", "/docs/": "G", "/docs/shared/": "RGNVCK", "/docs/shared/a.txt": "RGDNVW", "/lone.txt": "RGNVW"} {
			l.has(reply{body: got[href]}, "<oc:permissions>"+letters+"</oc:permissions>")
		}
		infinite := names(l.want(207, "PROPFIND", home+"/", desktopProps, "Depth: infinity").body)
		if len(infinite) != len(want) {
			t.Errorf("all at once: %q", infinite)
		}
	})
}

func TestEveryVerbObeysTheFolders(t *testing.T) {
	each(t, func(r *rig) {
		shared, lone := office(r)
		l := r.limited(&who.Scope{Rooms: []string{who.FilesRoom}, Folders: []int64{shared, lone}})
		dest := func(p string) string { return "Destination: " + l.srv.URL + home + p }
		const lock = `<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>`
		const patch = `<d:propertyupdate ` + spaces + `><d:set><d:prop><oc:favorite>0</oc:favorite></d:prop></d:set></d:propertyupdate>`
		for _, c := range []struct {
			status             int
			method, path, body string
			headers            []string
		}{
			{404, "GET", "/docs/c.txt", "", nil}, {404, "GET", "/private/d.txt", "", nil}, {404, "PROPFIND", "/private", "", nil}, {200, "GET", "/docs/shared/deep/b.txt", "", nil},
			{403, "PUT", "/new.txt", "x", nil}, {403, "PUT", "/docs/c.txt", "x", nil}, {404, "PUT", "/private/d.txt", "x", nil}, {403, "PUT", "/other.txt", "x", nil},
			{201, "PUT", "/docs/shared/new.txt", "x", nil}, {204, "PUT", "/lone.txt", "x", nil},
			{403, "MKCOL", "/docs/more", "", nil}, {409, "MKCOL", "/private/more", "", nil}, {405, "MKCOL", "/docs", "", nil}, {201, "MKCOL", "/docs/shared/more", "", nil},
			{403, "DELETE", "/docs", "", nil}, {403, "DELETE", "/docs/shared", "", nil}, {403, "DELETE", "/lone.txt", "", nil}, {404, "DELETE", "/docs/c.txt", "", nil}, {404, "DELETE", "/private", "", nil},
			{404, "MOVE", "/docs/c.txt", "", []string{dest("/docs/shared/c.txt")}}, {403, "MOVE", "/docs/shared/a.txt", "", []string{dest("/docs/a.txt")}},
			{409, "MOVE", "/docs/shared/a.txt", "", []string{dest("/private/a.txt")}}, {403, "MOVE", "/docs/shared/a.txt", "", []string{dest("/other.txt")}},
			{403, "MOVE", "/docs/shared", "", []string{dest("/docs/renamed")}}, {201, "MOVE", "/docs/shared/a.txt", "", []string{dest("/docs/shared/deep/a.txt")}},
			{404, "COPY", "/private/d.txt", "", []string{dest("/docs/shared/d.txt")}}, {403, "COPY", "/docs", "", []string{dest("/docs/shared/docs")}},
			{403, "COPY", "/docs/shared/deep", "", []string{dest("/deep")}}, {201, "COPY", "/docs/shared/deep", "", []string{dest("/docs/shared/deeper")}},
			{404, "PROPPATCH", "/other.txt", patch, nil}, {403, "PROPPATCH", "/docs", patch, nil}, {207, "PROPPATCH", "/docs/shared/deep/b.txt", patch, nil},
			{403, "LOCK", "/docs", lock, nil}, {403, "LOCK", "/other.txt", lock, nil}, {200, "LOCK", "/docs/shared/deep/b.txt", lock, nil},
		} {
			l.want(c.status, c.method, home+c.path, c.body, c.headers...)
		}
		for path, body := range map[string]string{"/docs/c.txt": "body of /docs/c.txt", "/private/d.txt": "body of /private/d.txt", "/other.txt": "body of /other.txt"} {
			if got := r.want(200, "GET", home+path, "").body; got != body {
				t.Errorf("%s is %q now", path, got)
			}
		}
	})
}

func TestSearchesAndArchivesObeyTheFolders(t *testing.T) {
	r := one(t)
	shared, lone := office(r)
	l := r.limited(&who.Scope{Folders: []int64{shared, lone}})
	search := func(scope string) []string {
		got := names(l.want(207, "SEARCH", "/remote.php/dav/", basicsearch(scope, term("like", "d:displayname", "%.txt"), ""), "Content-Type: text/xml").body)
		slices.Sort(got)
		return got
	}
	if diff := cmp.Diff([]string{"a.txt", "b.txt", "lone.txt"}, search("")); diff != "" {
		t.Errorf("everywhere: -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a.txt", "b.txt"}, search("/docs")); diff != "" {
		t.Errorf("on the way: -want +got\n%s", diff)
	}
	l.want(404, "SEARCH", "/remote.php/dav/", basicsearch("/private", term("like", "d:displayname", "%.txt"), ""), "Content-Type: text/xml")
	report := names(l.want(207, "REPORT", home+"/", `<oc:filter-files `+spaces+`><d:prop><oc:fileid/></d:prop><oc:filter-rules><oc:favorite>1</oc:favorite></oc:filter-rules></oc:filter-files>`).body)
	slices.Sort(report)
	if diff := cmp.Diff([]string{"a.txt", "b.txt", "lone.txt"}, report); diff != "" {
		t.Errorf("favourites: -want +got\n%s", diff)
	}
	archive := l.want(200, "GET", home+"/docs?accept=zip", "").body
	z, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if strings.Contains(f.Name, "c.txt") || !strings.HasPrefix(f.Name, "docs") {
			t.Errorf("the archive holds %s", f.Name)
		}
	}
	l.want(404, "GET", home+"/private?accept=zip", "")
}

func TestUploadsObeyTheFolders(t *testing.T) {
	r := one(t)
	shared, _ := office(r)
	l := r.limited(&who.Scope{Folders: []int64{shared}})
	const up = "/remote.php/dav/uploads/alice"
	for _, c := range []struct {
		to     string
		status int
	}{{"/docs/big", 403}, {"/private/big", 409}, {"/docs/c.txt", 403}, {"/docs/shared/big", 201}} {
		l.want(201, "MKCOL", up+"/t1", "")
		l.want(201, "PUT", up+"/t1/00001", "hello")
		l.want(c.status, "MOVE", up+"/t1/.file", "", "Destination: "+l.srv.URL+home+c.to)
		l.do("DELETE", up+"/t1", "")
	}
	if got := r.want(200, "GET", home+"/docs/shared/big", "").body; got != "hello" {
		t.Errorf("uploaded %q", got)
	}
	// what other devices are uploading just now is no business of this one
	r.want(201, "MKCOL", up+"/secret-name-of-another", "")
	if res := l.do("PROPFIND", up, "", "Depth: 1"); strings.Contains(res.body, "secret") || res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("the list of uploads: %d %s", res.StatusCode, res.body)
	}
	got := l.bulk(200, part("/docs/shared/x", "x"), part("/docs/y", "y"), part("/private/z", "z"))
	if got["/docs/shared/x"].Error || !got["/docs/y"].Error || !got["/private/z"].Error {
		t.Errorf("bulk: %+v", got)
	}
}

func TestAReaderWritesNothingAndIsTold(t *testing.T) {
	r := one(t)
	office(r)
	l := r.limited(&who.Scope{Verbs: who.Read})
	for href, props := range responses(l.want(207, "PROPFIND", home+"/docs", desktopProps, "Depth: 1").body) {
		l.has(reply{body: props}, "<oc:permissions>G</oc:permissions>")
		if href == "" {
			t.Error("no name")
		}
	}
	dest := "Destination: " + l.srv.URL + home + "/x"
	for method, body := range map[string]string{"PUT": "x", "MKCOL": "", "DELETE": "", "MOVE": "", "COPY": "", "PROPPATCH": "<a/>", "LOCK": "<a/>", "UNLOCK": "", "POST": "x"} {
		l.want(403, method, home+"/docs/c.txt", body, dest)
	}
	l.want(403, "MKCOL", "/remote.php/dav/uploads/alice/t", "")
	l.want(403, "POST", "/remote.php/dav/bulk", "x", "Content-Type: multipart/related; boundary=b")
	l.want(200, "GET", home+"/docs/c.txt", "")
}
