package links_test

import (
	"encoding/xml"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/core/files"
	"atrium/internal/proto/web/webtest"
)

// recordedLinks are the links and files of the recording, as it found them.
func recordedLinks(r *rig) {
	r.mkdir("/pub", "/pub/in", "/drop", "/freq", "/edit")
	r.put("/pub/a.txt", "public a")
	r.put("/pub/in/b.txt", "b")
	r.put("/pubfile.txt", "single")
	r.put("/edit/e.txt", "e")
	const view, edit = files.Read | files.Share, files.All
	r.share("nyWLPfHEiBjEqNJ", "/pub", view)
	r.share("sxc7RKLxSmPwdQ6", "/pubfile.txt", view)
	r.share("Kox9sATM7stRrn6", "/pub", view)
	r.expire("Kox9sATM7stRrn6")
	r.share("rJAm5fTpQbSnDWn", "/pub", view, password("Link-Pw-2026!x"))
	r.share("sB6EqcG5tffwZ25", "/pub", view, hidden)
	r.share("ZS99DpjSFwjgamM", "/edit", edit)
	r.share("eXwBMe4znP63E66", "/drop", files.Create)
	r.share("wsrzb7pMzs59BCc", "/freq", files.Create, request)
}

// deliberate is where an answer of ours has another status than the recorded one.
var deliberate = map[string]struct {
	status int
	why    string
}{
	"054-edit-proppatch-mtime":       {207, "the recorded server had lost c.txt at 052, a MOVE with another link's token; here it is still there"},
	"028-folder-share-download-page": {303, "leads to the file, where the recorded address gives an empty answer"},
	"090-legacy-drop-put":            {201, "the recorded server counts the legacy path as a subfolder; uploads by scripts are what the address is for"},
}

// TestGoldenDAV replays what was recorded of public WebDAV (18-public-dav).
func TestGoldenDAV(t *testing.T) {
	each(t, func(r *rig) {
		recordedLinks(r)
		for _, x := range webtest.Load(r, "testdata/dav") {
			if d, ok := deliberate[x.Name]; ok {
				if w := r.send(x.Request); w.Code != d.status {
					r.Errorf("%s: %d, want %d (%s)", x.Name, w.Code, d.status, d.why)
				}
				continue
			}
			if strings.Contains(x.Request.URL.Path, "/remote.php/") { // what the owner sees is checked at the end
				continue
			}
			compare(r, x, r.send(x.Request))
		}
		want := map[string]string{"/drop/Zoe": "", "/drop/Zoe/dir": "", "/drop/Zoe/dir/x.txt": "1", "/drop/up.txt": "1", "/drop/up (2).txt": "2",
			"/drop/up (3).txt": "3", "/drop/d.txt": "x"}
		if diff := cmp.Diff(want, r.tree("/drop")); diff != "" {
			r.Errorf("the file drop (-want +got)\n%s", diff)
		}
		want = map[string]string{"/freq/Zoë": "", "/freq/Zoë/r.txt": "1", "/freq/Zoë/r (2).txt": "1"}
		if diff := cmp.Diff(want, r.tree("/freq")); diff != "" {
			r.Errorf("the file request (-want +got)\n%s", diff)
		}
		want = map[string]string{"/edit/e.txt": "e", "/edit/nick.txt": "n", "/edit/c.txt": "n2", "/edit/chunked.bin": "chunk"}
		if diff := cmp.Diff(want, r.tree("/edit")); diff != "" {
			r.Errorf("the editable folder (-want +got)\n%s", diff)
		}
	})
}

// exact are the headers whose value is the recorded one, present those that are
// there or not as recorded.
var (
	exact   = []string{"Location", "DAV", "Content-Disposition", "Content-Range", "X-OC-MTime"}
	present = []string{"ETag", "OC-ETag", "Oc-Fileid", "Www-Authenticate"} // of E-tags more than recorded is fine
)

func compare(r *rig, x webtest.Exchange, w *httptest.ResponseRecorder) {
	r.Helper()
	if w.Code != x.Status {
		r.Errorf("%s: status %d, recorded %d\n%s", x.Name, w.Code, x.Status, w.Body)
		return
	}
	for _, h := range exact {
		if got, want := w.Header().Get(h), x.Header.Get(h); got != want {
			r.Errorf("%s: %s %q, recorded %q", x.Name, h, got, want)
		}
	}
	for _, h := range present {
		if got, want := w.Header().Get(h), x.Header.Get(h); got == "" && want != "" || got != "" && want == "" && !strings.Contains(h, "E") {
			r.Errorf("%s: %s %q, recorded %q", x.Name, h, got, want)
		}
	}
	if x.Status == 303 {
		return
	}
	if got, want := strings.ReplaceAll(w.Header().Get("Content-Type"), `"`, ""), x.Header.Get("Content-Type"); got != want {
		r.Errorf("%s: Content-Type %q, recorded %q", x.Name, got, want)
	}
	switch {
	case x.Request.Method == "HEAD" || strings.HasPrefix(x.Body, "[binary"):
	case strings.Contains(x.Body, "<d:multistatus"):
		if diff := cmp.Diff(listed(r, x.Body), listed(r, w.Body.String())); diff != "" {
			r.Errorf("%s (-recorded +ours)\n%s", x.Name, diff)
		}
	case strings.Contains(x.Body, "<d:error"):
		if got, want := exception(r, w.Body.String()), exception(r, x.Body); got != want {
			r.Errorf("%s: exception %q, recorded %q", x.Name, got, want)
		}
	default:
		if got := w.Body.String(); got != x.Body {
			r.Errorf("%s: body %q, recorded %q", x.Name, got, x.Body)
		}
	}
}

// loose are properties whose value the server chooses.
var loose = []string{"getetag", "getlastmodified", "fileid", "id", "upload_time", "checksums", "data-fingerprint"}

// ours are properties that we tell otherwise, on purpose: what no room fills is
// missing or there; has-preview waits for the room of previews.
var ours = []string{"checksums", "rich-workspace", "rich-workspace-file", "has-preview", "creationdate"}

func listed(r *rig, body string) map[string]map[string]string {
	out := multistatus(r, body)
	for _, props := range out {
		for name, v := range props {
			if slices.Contains(ours, name) {
				delete(props, name)
			} else if slices.Contains(loose, name) && !strings.HasPrefix(v, "404") {
				props[name] = "one"
			}
		}
	}
	return out
}

func exception(r *rig, body string) string {
	var e struct {
		Exception string `xml:"exception"`
	}
	if err := xml.Unmarshal([]byte(body), &e); err != nil {
		r.Fatalf("%v in %q", err, body)
	}
	return e.Exception
}
