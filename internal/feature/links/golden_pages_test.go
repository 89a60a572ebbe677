package links_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"atrium/internal/core/files"
	"atrium/internal/proto/web/webtest"
)

// deliberatePages is where a page has another status than the recorded one.
var deliberatePages = map[string]struct {
	status int
	why    string
}{
	"172-authenticate-no-csrf":    {303, "who sends the password from elsewhere than another site's page may come in"},
	"175-hidden-download-blocked": {403, "the same words, but what is refused does not look as if it were given"},
	"184-public-dav-drop-put":     {201, "a name makes a folder, as with file requests; the recorded server looks for one that nobody made"},
	"165-public-download-file":    {303, "leads to the file itself, where the recorded address leads to an archive that is none"},
	"187-legacy-public-webdav":    {207, "the recorded server had not counted yet what came at 183"},
}

// TestGoldenPages replays what was recorded of the pages of links, what they lead to,
// and what other servers ask about them (32-sharing, 161 to 191 and 227).
func TestGoldenPages(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/Docs", "/Docs/Sub", "/drop")
		for name, size := range map[string]int{"/Docs/Sub/c.txt": 6, "/Docs/a.txt": 6, "/Docs/b.md": 10, "/Docs/pixel2.png": 233, "/report.txt": 17} {
			r.put(name, ("hello\n" + strings.Repeat("x", 300))[:size])
		}
		r.share("Epga2CAojJB8aQf", "/Docs", files.Read|files.Share)
		r.share("TTstbPJEFYTBqgo", "/report.txt", files.Read|files.Share, password("Link-Capture-88!"), hidden)
		r.share("ZrkwkJJ7TzF6Wi4", "/Docs/Sub", files.All)
		r.share("88fKf7ZDKTLgSrp", "/drop", files.Create)
		cookie := ""
		for _, x := range webtest.Load(r, "testdata/pages") {
			if x.Name[:3] == "227" {
				r.unshare("Epga2CAojJB8aQf")
			}
			if cookie != "" {
				x.Request.Header.Set("Cookie", cookie)
			}
			w := r.send(x.Request)
			if c := w.Header().Get("Set-Cookie"); c != "" {
				cookie, _, _ = strings.Cut(c, ";")
			}
			replay(r, x, w)
			if x.Name[:3] == "175" {
				cookie = "" // the recording begins anew
			}
		}
	})
}

func replay(r *rig, x webtest.Exchange, w *httptest.ResponseRecorder) {
	r.Helper()
	kind := x.Header.Get("Content-Type")
	d, ok := deliberatePages[x.Name]
	switch {
	case ok:
		if w.Code != d.status {
			r.Errorf("%s: %d, want %d (%s)", x.Name, w.Code, d.status, d.why)
		}
	case strings.HasPrefix(kind, "text/html"):
		if to := strings.TrimPrefix(w.Header().Get("Location"), "http://127.0.0.1"); w.Code != x.Status || !strings.EqualFold(to, strings.TrimPrefix(x.Header.Get("Location"), "http://127.0.0.1")) {
			r.Errorf("%s: %d to %q, recorded %d to %q", x.Name, w.Code, to, x.Status, x.Header.Get("Location"))
		}
	case strings.HasPrefix(kind, "application/json"):
		x.Compare(r, w, webtest.Rules{Loose: []string{"id", "parentId", "mtime", "etag"}})
	default:
		compare(r, x, w)
	}
}
