package links_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/core/files"
	"atrium/internal/feature/shares"
)

// holds checks what a page says and does not say.
func (r *rig) holds(w *httptest.ResponseRecorder, parts ...string) {
	r.Helper()
	for _, p := range parts {
		if not, ok := strings.CutPrefix(p, "!"); ok == strings.Contains(w.Body.String(), strings.TrimPrefix(p, "!")) && (ok || not != "") {
			r.Errorf("%q in\n%s", p, w.Body)
		}
	}
}

func TestFolderPage(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/Holiday", "/Holiday/Day 10", "/Holiday/Day 2")
		r.put("/Holiday/b.txt", "12345")
		r.put("/Holiday/A <b>.txt", "1")
		r.put("/Holiday/Day 2/x.txt", "x")
		r.share("look", "/Holiday", files.Read, noted("Have a look!\nYours"), until(r.now().AddDate(0, 0, 9)))
		w := r.want(200, "GET", "/s/look", "")
		r.holds(w, "<h1>Holiday</h1>", "Shared by <strong>Dave One</strong>", "Have a look!", "open until", "A &lt;b&gt;.txt", "!<b>.txt", "5 B",
			"/public.php/dav/files/look/b.txt", "Download all as ZIP", "!Add files", "4 entries")
		order := regexp.MustCompile(`<span>([^<]+)<`)
		names := func(query string) (out []string) {
			for _, m := range order.FindAllStringSubmatch(r.want(200, "GET", "/index.php/s/look?"+query, "").Body.String(), -1) {
				out = append(out, m[1])
			}
			return out[1:] // behind the product
		}
		if diff := cmp.Diff([]string{"Day 2", "Day 10", "A &lt;b&gt;.txt", "b.txt"}, names("")); diff != "" {
			r.Error(diff)
		}
		if diff := cmp.Diff([]string{"Day 2", "Day 10", "b.txt", "A &lt;b&gt;.txt"}, names("sort=size&order=desc")); diff != "" {
			r.Error(diff)
		}
		r.holds(r.want(200, "GET", "/s/look?path=/Day+2", ""), "x.txt", `aria-current="page">Day 2<`, `<a href="/s/look">Holiday</a>`)
		r.want(404, "GET", "/s/look?path=/nothing", "")
		r.want(404, "GET", "/s/look?path=/../secret", "")
		r.want(404, "GET", "/s/nosuch", "", "Accept: text/html")
		r.unshare("look")
		r.want(404, "GET", "/s/look", "", "Accept: text/html")
	})
}

func TestFilePage(t *testing.T) {
	r := one(t)
	r.mkdir("/in")
	r.put("/in/a.txt", "<script>alert(1)</script>")
	r.put("/in/p.png", "\x89PNG")
	r.put("/in/d.pdf", "%PDF-1.4")
	r.put("/in/s.svg", "<svg/>")
	r.put("/in/h.html", "<b>")
	r.share("look", "/in", files.Read)
	r.share("file", "/in/a.txt", files.Read, labelled("For you"))
	r.share("hidden", "/in", files.Read, hidden)
	r.share("sealed", "/in", files.Read, sealed)
	r.holds(r.want(200, "GET", "/s/look?path=/a.txt", ""), "&lt;script&gt;alert(1)", "Download</a>", "in</a>")
	r.holds(r.want(200, "GET", "/s/file", ""), "<h1>a.txt</h1>", "<title>For you", "&lt;script&gt;")
	r.holds(r.want(200, "GET", "/s/look?path=/p.png", ""), `<img src="/s/look/inline?`)
	r.holds(r.want(200, "GET", "/s/look?path=/d.pdf", ""), `<iframe`, `>Open</a>`)
	r.holds(r.want(200, "GET", "/s/look?path=/s.svg", ""), "no preview")
	r.holds(r.want(200, "GET", "/s/hidden?path=/a.txt", ""), "&lt;script&gt;", "!Download")
	r.holds(r.want(200, "GET", "/s/hidden", ""), "a.txt", "!Download all", "!/public.php/")
	r.holds(r.want(200, "GET", "/s/sealed?path=/a.txt", ""), "neither be downloaded nor shown", "!&lt;script&gt;")
	r.want(403, "GET", "/s/sealed/inline?path=/p.png", "")
	r.want(403, "GET", "/s/sealed/download", "")
	for _, name := range []string{"a.txt", "s.svg", "h.html"} { // what could run
		r.want(404, "GET", "/s/look/inline?path=/"+name, "")
	}
	w := r.want(206, "GET", "/s/look/inline?path=/p.png", "", "Range: bytes=1-3")
	if h := w.Header(); w.Body.String() != "PNG" || !strings.HasPrefix(h.Get("Content-Disposition"), "inline;") || h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Content-Type") != "image/png" {
		t.Errorf("%q %v", w.Body, h)
	}
}

func TestPassword(t *testing.T) {
	r := one(t)
	r.put("/Secret plan.txt", "the plan")
	r.share("locked", "/Secret plan.txt", files.Read, password("right"), labelled("The heading"), noted("The note"))
	for _, at := range []string{"", "?path=/x", "/inline", "/preview", "/download"} {
		w := r.want(303, "GET", "/s/locked"+at, "")
		if to := w.Header().Get("Location"); !strings.HasPrefix(to, "/s/locked/authenticate/") {
			t.Errorf("%s leads to %s", at, to)
		}
	}
	const form = "/index.php/s/locked/authenticate/showShare"
	ask := r.want(200, "GET", form, "")
	r.holds(ask, "Password needed", "!plan", "!heading", "!note", "!Dave")
	say := func(password string, headers ...string) *httptest.ResponseRecorder {
		return r.do("POST", form, url.Values{"password": {password}}.Encode(), append(headers, "Content-Type: application/x-www-form-urlencoded")...)
	}
	r.holds(say("wrong"), "The password is wrong")
	if w := say("right", "Sec-Fetch-Site: cross-site", "Origin: https://evil.example"); w.Code != http.StatusPreconditionFailed {
		t.Errorf("another site's page: %d", w.Code)
	}
	w := say("right")
	if w.Code != 303 || w.Header().Get("Location") != "/s/locked" {
		t.Fatalf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	cookie := "Cookie: " + strings.SplitN(w.Header().Get("Set-Cookie"), ";", 2)[0]
	r.holds(r.want(200, "GET", "/s/locked", "", cookie), "the plan", "The note")
	r.want(200, "GET", "/public.php/dav/files/locked", "", cookie)
	r.want(303, "GET", form, "", cookie)
	r.share("other", "/Secret plan.txt", files.Read, password("right"))
	r.want(303, "GET", "/s/other", "", cookie)
	fresh := "new"
	r.change("locked", shares.Change{Password: &fresh})
	r.want(303, "GET", "/s/locked", "", cookie)
	r.later(13 * time.Hour)
	r.want(303, "GET", "/s/locked", "", cookie)
}

// send posts a form with files, "name=body", in order.
func (r *rig) form(target string, fields map[string]string, headers []string, names ...string) *httptest.ResponseRecorder {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range fields {
		_ = m.WriteField(k, v)
	}
	for _, n := range names {
		name, body, _ := strings.Cut(n, "=")
		w, _ := m.CreateFormFile("files", name)
		fmt.Fprint(w, body)
	}
	m.Close()
	return r.do("POST", target, b.String(), append(headers, "Content-Type: "+m.FormDataContentType())...)
}

func TestUploadForms(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/drop", "/ask", "/edit", "/edit/sub", "/look")
		r.put("/drop/a.txt", "old")
		r.put("/edit/sub/a.txt", "old")
		r.share("drop", "/drop", files.Create)
		r.share("ask", "/ask", files.Create, request)
		r.share("edit", "/edit", files.All)
		r.share("look", "/look", files.Read)
		r.holds(r.want(200, "GET", "/s/drop?path=/a.txt", ""), "Add files", "!a.txt", "cannot see", "if you like")
		r.holds(r.want(200, "GET", "/s/ask", ""), `name="nickname" maxlength="60" autocomplete="name" required`)
		r.holds(r.form("/s/drop/upload", nil, nil, "a.txt=new", "b.txt=", `C:\x\c.txt=c`, "bad/..=x"),
			"Receipt", "a.txt", "!(2)", "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437", "(3 bytes)", "c.txt")
		want := map[string]string{"/drop/a.txt": "old", "/drop/a (2).txt": "new", "/drop/b.txt": "", "/drop/c.txt": "c"}
		if diff := cmp.Diff(want, r.tree("/drop")); diff != "" {
			r.Errorf("the drop (-want +got)\n%s", diff)
		}
		r.holds(r.form("/s/ask/upload", nil, nil, "a.txt=x"), "could not be taken in")
		r.holds(r.form("/s/ask/upload", map[string]string{"nickname": "Zoë"}, nil, "a.txt=x"), "Zoë", "arrived safely")
		if w := r.form("/s/ask/upload", map[string]string{"nickname": "../x"}, nil, "a.txt=x"); w.Code != 400 {
			r.Errorf("a nickname with a slash: %d", w.Code)
		}
		if diff := cmp.Diff(map[string]string{"/ask/Zoë": "", "/ask/Zoë/a.txt": "x"}, r.tree("/ask")); diff != "" {
			r.Error(diff)
		}
		w := r.form("/s/edit/upload", map[string]string{"dir": "/sub"}, []string{"Accept: application/json"}, "a.txt=new")
		var got struct{ Files []struct{ Name string } }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Files) != 1 || got.Files[0].Name != "a (2).txt" {
			r.Errorf("%v %s", err, w.Body)
		}
		if w := r.form("/s/look/upload", nil, nil, "a.txt=x"); w.Code != 403 || len(r.tree("/look")) != 0 {
			r.Errorf("a link to look at takes files: %d", w.Code)
		}
		if w := r.form("/s/nosuch/upload", nil, nil, "a.txt=x"); w.Code != 404 {
			r.Errorf("no link takes files: %d", w.Code)
		}
	})
}

func TestShareInfo(t *testing.T) {
	r := one(t)
	r.mkdir("/in", "/in/sub", "/drop")
	r.put("/in/a.txt", "abc")
	r.put("/in/sub/b.md", "b")
	r.share("look", "/in", files.Read|files.Share)
	r.share("locked", "/in/a.txt", files.Read|files.Share, password("right"))
	r.share("drop", "/drop", files.Create)
	ask := func(form string) (int, map[string]any) {
		w := r.do("POST", "/index.php/apps/files_sharing/shareinfo", form, "Content-Type: application/x-www-form-urlencoded")
		var v map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatalf("%v: %s", err, w.Body)
		}
		return w.Code, v
	}
	code, got := ask("t=look")
	top := got["data"].(map[string]any)
	if code != 200 || top["name"] != "in" || top["permissions"] != 17.0 || top["type"] != "dir" || len(top["children"].([]any)) != 2 {
		t.Errorf("%d %v", code, got)
	}
	if _, got := ask("t=look&depth=0"); got["data"].(map[string]any)["children"] != nil {
		t.Errorf("depth 0: %v", got)
	}
	if code, got := ask("t=locked&password=right"); code != 200 || got["data"].(map[string]any)["size"] != 3.0 {
		t.Errorf("%d %v", code, got)
	}
	for form, want := range map[string]int{"t=locked": 403, "t=locked&password=no": 403, "t=nope": 404, "t=drop": 403} {
		if code, got := ask(form); code != want || got["status"] != "error" {
			t.Errorf("%s: %d %v", form, code, got)
		}
	}
}

// What each kind of link lets through beside WebDAV.
func TestSidePathsByLink(t *testing.T) {
	r := one(t)
	r.mkdir("/in")
	r.put("/in/a.png", "\x89PNG")
	r.share("view", "/in", files.Read)
	r.share("drop", "/in", files.Create)
	r.share("sealed", "/in", files.Read, sealed)
	r.share("locked", "/in", files.All, password("right"))
	r.share("expired", "/in", files.All)
	r.expire("expired")
	r.share("gone", "/in", files.All)
	r.unshare("gone")
	kinds := []string{"view", "drop", "sealed", "locked", "expired", "gone"}
	for n, c := range []struct {
		method, path string
		want         [6]int
	}{
		{"GET", "/s/TOKEN", [6]int{200, 200, 200, 303, 404, 404}},
		{"GET", "/s/TOKEN?path=/a.png", [6]int{200, 200, 200, 303, 404, 404}},
		{"GET", "/s/TOKEN?path=/nothing", [6]int{404, 200, 404, 303, 404, 404}},
		{"GET", "/s/TOKEN/inline?path=/a.png", [6]int{200, 404, 403, 303, 404, 404}},
		{"GET", "/s/TOKEN/inline?path=/nothing", [6]int{404, 404, 404, 303, 404, 404}},
		{"GET", "/s/TOKEN/preview?file=/a.png", [6]int{404, 400, 404, 303, 404, 404}}, // there are no previews here
		{"GET", "/index.php/apps/files_sharing/publicpreview/TOKEN?file=/a.png", [6]int{404, 400, 404, 303, 404, 404}},
		{"GET", "/index.php/apps/files_sharing/publicpreview/TOKEN?file=/nothing", [6]int{404, 400, 404, 303, 404, 404}},
		{"GET", "/s/TOKEN/download", [6]int{303, 303, 403, 303, 404, 404}},
		{"GET", "/s/TOKEN/authenticate/showShare", [6]int{303, 303, 303, 200, 404, 404}},
		{"POST", "/s/TOKEN/upload", [6]int{403, 400, 403, 303, 404, 404}},
		{"GET", "/remote.php/dav/files/dave1/in/a.png", [6]int{401, 401, 401, 401, 401, 401}},
		{"GET", "/remote.php/dav/trashbin/TOKEN/trash", [6]int{401, 401, 401, 401, 401, 401}},
		{"GET", "/public.php/dav/versions/TOKEN/versions/1", [6]int{503, 503, 503, 503, 503, 503}},
		{"PROPFIND", "/public.php/dav/comments/TOKEN/1", [6]int{503, 503, 503, 503, 503, 503}},
		{"PROPFIND", "/public.php/dav/systemtags/TOKEN", [6]int{503, 503, 503, 503, 503, 503}},
	} {
		for i, token := range kinds {
			r.want(c.want[i], c.method, strings.ReplaceAll(c.path, "TOKEN", token), "", fmt.Sprintf("From: 198.51.%d.1:1", n))
		}
	}
}
