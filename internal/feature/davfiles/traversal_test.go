package davfiles_test

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

// traversals are the ways out of a folder that testdata/traversal.txt describes.
func traversals(t *testing.T) (out []string) {
	t.Helper()
	f, err := os.Open("testdata/traversal.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pieces, section := map[string][]string{}, ""
	for s := bufio.NewScanner(f); s.Scan(); {
		switch line := s.Text(); {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = line
		default:
			pieces[section] = append(pieces[section], line)
		}
	}
	for _, way := range pieces["[way]"] {
		for _, dots := range pieces["[dots]"] {
			for _, target := range pieces["[target]"] {
				out = append(out, strings.ReplaceAll(way, "%s", dots)+target)
			}
		}
	}
	if len(out) < 500 {
		t.Fatalf("only %d paths", len(out))
	}
	return out
}

const secret = "a secret of bob"

// attack is a rig with something of alice's and something of bob's.
func attack(t *testing.T) *rig {
	r := one(t)
	r.user = "bob"
	r.want(201, "PUT", "/remote.php/dav/files/bob/secret.txt", secret)
	r.user = "alice"
	r.want(201, "MKCOL", home+"/d", "")
	r.want(201, "PUT", home+"/d/f", "mine")
	r.want(201, "MKCOL", "/remote.php/dav/uploads/alice/up", "")
	r.want(201, "PUT", "/remote.php/dav/uploads/alice/up/1", "chunk")
	return r
}

// raw sends a request with a path as it is, which no client would let pass.
func (r *rig) raw(method, path, body string, headers ...string) reply {
	r.Helper()
	req := r.request(method, "/", body, headers...)
	req.URL.Opaque = path
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	var b strings.Builder
	_, _ = bufio.NewReader(res.Body).WriteTo(&b)
	return reply{res, b.String()}
}

// sound checks that an answer is no fault of ours and tells nothing of bob.
func (r *rig) sound(what string, res reply) {
	r.Helper()
	if res.StatusCode >= 500 && res.StatusCode != http.StatusNotImplemented {
		r.Errorf("%s: %d\n%s", what, res.StatusCode, res.body)
	}
	if strings.Contains(res.body, secret) || strings.Contains(res.body, "root:x:") || strings.Contains(res.body, "/bob/secret.txt</d:href>") {
		r.Errorf("%s: %d gave something away:\n%s", what, res.StatusCode, res.body)
	}
}

// safe checks at the end that bob's file is what it was, and that nothing of
// alice's went to him.
func (r *rig) safe() {
	r.Helper()
	r.user = "bob"
	if got := r.want(200, "GET", "/remote.php/dav/files/bob/secret.txt", "").body; got != secret {
		r.Errorf("bob's file holds %q", got)
	}
	if list := r.want(207, "PROPFIND", "/remote.php/dav/files/bob/", "", "Depth: infinity"); strings.Count(list.body, "<d:response>") != 2 {
		r.Errorf("something came to bob:\n%s", list.body)
	}
}

func TestNoPathLeadsOutside(t *testing.T) {
	r := attack(t)
	others := []string{"/remote.php/webdav", "/remote.php/files", "/remote.php/dav/uploads/alice/up", "/remote.php/dav/files", "/index.php" + home}
	for i, way := range traversals(t) {
		way = strings.ReplaceAll(way, " ", "%20")
		for _, root := range []string{home, others[i%len(others)]} {
			methods := []string{"GET", "PROPFIND", "PUT"}
			if root == home {
				methods = append(methods, "DELETE", "MKCOL", "PROPPATCH", "LOCK")
			}
			for _, method := range methods {
				r.sound(method+" "+root+way, r.raw(method, root+way, ""))
			}
		}
	}
	r.safe()
}

func TestNoDestinationLeadsOutside(t *testing.T) {
	r := attack(t)
	roots := []string{home, "http://h" + home, "/remote.php/webdav"}
	for i, way := range traversals(t) {
		for _, root := range roots[i%3 : i%3+1] {
			r.want2xx("PUT", home+"/src", "x")
			for _, method := range []string{"COPY", "MOVE"} {
				r.sound(method+" to "+root+way, r.do(method, home+"/src", "", "Destination: "+root+way))
			}
			r.sound("end of an upload to "+root+way, r.do("MOVE", "/remote.php/dav/uploads/alice/up/.file", "", "Destination: "+root+way))
			r.sound("If <"+root+way+">", r.do("DELETE", home+"/none", "", "If: <"+root+way+"> (<x>)"))
		}
	}
	r.safe()
}

func (r *rig) want2xx(method, url, body string) {
	r.Helper()
	if res := r.do(method, url, body); res.StatusCode >= 300 {
		r.Errorf("%s %s: %d", method, url, res.StatusCode)
	}
}

func TestNoNameInABodyLeadsOutside(t *testing.T) {
	r := attack(t)
	for _, way := range traversals(t) {
		decoded, err := url.PathUnescape(way)
		if err != nil || strings.ContainsAny(decoded, "\x00\r\n") {
			decoded = way
		}
		for _, w := range []string{way, decoded} {
			r.sound("bulk to "+w, r.do("POST", "/remote.php/dav/bulk", part(w, "x")+"--b_1--", "Content-Type: multipart/related; boundary=b_1"))
			r.sound("archive of "+w, r.do("GET", home+"/d?accept=zip&files="+url.QueryEscape(`"`+w+`"`), ""))
			scope := basicsearch(strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(w), term("like", "d:displayname", "%secret%"), "")
			r.sound("search in "+w, r.do("SEARCH", "/remote.php/dav/", scope, "Content-Type: text/xml"))
		}
	}
	r.safe()
}
