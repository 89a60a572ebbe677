package webui

import (
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// page is a client as small as can be.
var page = fstest.MapFS{
	"index.html":          {Data: []byte(`<!doctype html><html lang="{{.Lang}}" dir="{{.Dir}}" data-user="{{.User}}" data-theme="{{.Look.Theme}}" data-size="{{.Look.Size}}" data-density="{{.Chosen.density}}"><script src="/webui/assets/a-1.js"></script>`)},
	"assets/a-1.js":       {Data: []byte("plain")},
	"assets/a-1.js.gz":    {Data: []byte("zipped")},
	"assets/a-1.js.br":    {Data: []byte("tiny")},
	"assets/b-2.css":      {Data: []byte("style")},
	"assets/secret.txt":   {Data: []byte("not ours")},
	"assets/deep/c-3.svg": {Data: []byte("<svg/>")},
}

// rig is a server with nothing but the page, where a Basic user name is enough
// to be somebody.
type rig struct {
	*testing.T
	srv   *httptest.Server
	mux   *web.Mux
	files *files.Service
	user  string

	speaks string
	face   web.Face
	chosen map[string]string
}

type byName struct{}

func (byName) Authenticate(r *http.Request) (*who.Principal, error) {
	name, _, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return &who.Principal{ID: name, Login: name, Via: who.ViaSession, TokenID: 1}, nil
}

func newRig(t *testing.T, fsys fs.FS) *rig {
	d := dbtest.SQLite(t, []db.Schema{tree.Schema, content.Schema}...)
	f := files.New(d, tree.New(d), content.New(d, mem.New()), func(context.Context, *db.DB, interface{ EventName() string }) error { return nil })
	rm, err := newRoom(f, fsys)
	if err != nil {
		t.Fatal(err)
	}
	b := &plug.Board{Web: web.NewMux()}
	rm.Plug(b)
	g := &rig{T: t, mux: b.Web, files: f, user: "alice", face: web.Face{Name: web.Product}}
	rm.Chosen = func(context.Context, string) (map[string]string, error) { return g.chosen, nil }
	g.srv = httptest.NewServer(web.NewDoor(web.Config{Auth: []web.Authenticator{byName{}}, Face: func(context.Context) web.Face { return g.face }, Language: func(context.Context, *who.Principal) string { return g.speaks }}, b.Web))
	t.Cleanup(g.srv.Close)
	return g
}

// get asks as the rig's user, or as nobody; headers come as "Name: value". It
// follows no redirect.
func (g *rig) get(path string, headers ...string) (*http.Response, string) {
	g.Helper()
	req, err := http.NewRequest(http.MethodGet, g.srv.URL+path, nil)
	if err != nil {
		g.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Accept-Encoding", "identity")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	if g.user != "" {
		req.SetBasicAuth(g.user, "x")
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		g.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		g.Fatal(err)
	}
	return res, string(body)
}

func text(id int64) string { return strconv.FormatInt(id, 10) }

func (g *rig) leads(path, want string) {
	g.Helper()
	res, _ := g.get(path)
	if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != want {
		g.Errorf("GET %s: got %d to %q, want 303 to %q", path, res.StatusCode, got, want)
	}
}

// put makes a file or, with a slash at the end, a folder, and returns its id.
func (g *rig) put(path string) int64 {
	g.Helper()
	ctx := g.Context()
	v, err := g.files.As(ctx, &who.Principal{ID: g.user})
	if err != nil {
		g.Fatal(err)
	}
	if name, ok := strings.CutSuffix(path, "/"); ok {
		e, err := v.Mkdir(ctx, name)
		if err != nil {
			g.Fatal(err)
		}
		return e.ID
	}
	w, err := v.Write(ctx, path, files.Put{Body: strings.NewReader("hi"), Size: 2})
	if err != nil {
		g.Fatal(err)
	}
	return w.Entry.ID
}

func TestPageIsToldWhoAndHow(t *testing.T) {
	g := newRig(t, page)
	g.user = `<eve>"`
	res, body := g.get("/apps/files/files?dir=/a", "Cookie: atrium_theme=dark")
	if want := `data-user="&lt;eve&gt;&#34;" data-theme="dark"`; res.StatusCode != 200 || !strings.Contains(body, want) {
		t.Errorf("got %d %s, want 200 with %s", res.StatusCode, body, want)
	}
	_, body = g.get("/apps/files/files", "Cookie: atrium_theme=light.125.contrast.still.underlined.pink")
	if !strings.Contains(body, `data-theme="light" data-size="125"`) {
		t.Errorf("a look of several words: got %s", body)
	}
	_, body = g.get("/apps/files/files", `Cookie: atrium_theme="><script>`)
	if !strings.Contains(body, `data-theme="auto"`) {
		t.Errorf("a theme nobody knows: got %s, want auto", body)
	}
}

// What an account has chosen follows it to browsers that know nothing of it, and
// is kept there for the pages before the login.
func TestALookFollowsTheAccount(t *testing.T) {
	g := newRig(t, page)
	g.chosen = map[string]string{"theme": "dark", "size": "150", "density": "tight"}
	res, body := g.get("/apps/files/files", "Cookie: atrium_theme=light")
	if want := `data-theme="dark" data-size="150" data-density="tight"`; !strings.Contains(body, want) {
		t.Errorf("got %s, want %s", body, want)
	}
	if got := res.Header.Get("Set-Cookie"); !strings.HasPrefix(got, "atrium_theme=dark.150;") {
		t.Errorf("got the cookie %q, want the look", got)
	}
	if res, _ := g.get("/apps/files/files", "Cookie: atrium_theme=dark.150"); res.Header.Get("Set-Cookie") != "" {
		t.Error("a browser that knows the look was told of it")
	}
}

func TestPageSaysItsLanguage(t *testing.T) {
	g := newRig(t, page)
	for wish, want := range map[string]string{"": `lang="en" dir="ltr"`, "nl, de-CH;q=0.8, en;q=0.5": `lang="de" dir="ltr"`, `"><script>`: `lang="en"`} {
		if _, body := g.get("/apps/files/files", "Accept-Language: "+wish); !strings.Contains(body, want) {
			t.Errorf("Accept-Language %q: got %s, want %s", wish, body, want)
		}
	}
	g.speaks = "de_AT"
	if _, body := g.get("/apps/files/files", "Accept-Language: en"); !strings.Contains(body, `lang="de"`) {
		t.Errorf("an account that reads German: got %s", body)
	}
}

func TestPageAllowsNothingInline(t *testing.T) {
	res, _ := newRig(t, page).get("/apps/files/files")
	csp := res.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "script-src 'self'") || !strings.Contains(csp, "require-trusted-types-for 'script'") || strings.Contains(csp, "unsafe") || regexp.MustCompile(`https?:`).MatchString(csp) {
		t.Errorf("got %q, want scripts from ourselves and nothing unsafe", csp)
	}
	if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
		t.Errorf("a page that names its user: Cache-Control is %q, want no-store", got)
	}
}

func TestAddressesLeadToThePage(t *testing.T) {
	g := newRig(t, page)
	g.leads("/apps/files", "/apps/files/files")
	g.leads("/apps/files/?dir=/a%20b&x=1", "/apps/files/files?dir=/a%20b&x=1")
	g.leads("/index.php/apps/files/files?dir=/a", "/apps/files/files?dir=/a")
	g.leads("/index.php//apps/files/files", "/apps/files/files")
	g.user = ""
	g.leads("/apps/files/files?dir=/a", "/login?redirect_url=%2Fapps%2Ffiles%2Ffiles%3Fdir%3D%2Fa")
	g.leads("/f/12", "/login?redirect_url=%2Ff%2F12")
}

func TestRedirectsStayHere(t *testing.T) {
	u, err := url.Parse("/index.php//evil.example/x?y")
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := pretty(u); !ok || got != "/evil.example/x?y" {
		t.Errorf("got %q, want a path of one slash", got)
	}
}

func TestNumbersLeadToFiles(t *testing.T) {
	g := newRig(t, page)
	folder := g.put("/Ärger & Co/")
	file := g.put("/Ärger & Co/a.txt")
	top := g.put("/b.txt")
	g.leads("/f/"+text(file), "/apps/files/files/"+text(file)+"?dir=%2F%C3%84rger+%26+Co")
	g.leads("/index.php/f/"+text(file), "/apps/files/files/"+text(file)+"?dir=%2F%C3%84rger+%26+Co")
	g.leads("/apps/files/files/"+text(file), "/apps/files/files/"+text(file)+"?dir=%2F%C3%84rger+%26+Co")
	g.leads("/f/"+text(folder), "/apps/files/files?dir=%2F%C3%84rger+%26+Co")
	g.leads("/f/"+text(top), "/apps/files/files/"+text(top)+"?dir=%2F")

	g.user = "bob"
	for _, path := range []string{"/f/" + text(file), "/f/99999", "/f/x", "/apps/files/files/-1"} {
		if res, _ := g.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s as another: got %d, want 404", path, res.StatusCode)
		}
	}
}

func TestAssetsAreSentSmallAndKept(t *testing.T) {
	g := newRig(t, page)
	g.user = ""
	for accept, want := range map[string]string{
		"": " plain", "gzip, deflate, br": "br tiny", "gzip;q=0.5, br;q=0": "gzip zipped", "identity": " plain", "GZIP": "gzip zipped", "br ; q=1": "br tiny",
	} {
		res, body := g.get("/webui/assets/a-1.js", "Accept-Encoding: "+accept)
		if got := res.Header.Get("Content-Encoding") + " " + body; got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accept, got, want)
		}
		if res.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || res.Header.Get("Vary") == "" {
			t.Errorf("Accept-Encoding %q: headers are %v", accept, res.Header)
		}
	}
	if res, body := g.get("/webui/assets/b-2.css", "Accept-Encoding: br"); body != "style" || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("without a compressed copy: got %q, want the file itself", body)
	}
	if _, body := g.get("/webui/assets/deep/c-3.svg"); body != "<svg/>" {
		t.Errorf("a file below: got %q", body)
	}
	for _, path := range []string{"/webui/assets/secret.txt", "/webui/index.html", "/webui/assets/a-1.js.br", "/webui/assets/../index.html", "/webui/assets/%2e%2e/index.html", "/webui/assets/old.js"} {
		if res, _ := g.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: got %d, want 404", path, res.StatusCode)
		}
	}
}

func TestServerWithoutPageSaysSo(t *testing.T) {
	g := newRig(t, fstest.MapFS{})
	res, body := g.get("/apps/files/files")
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "without its web client") || !strings.Contains(body, g.srv.URL) {
		t.Errorf("got %d %s, want a page that says where clients connect", res.StatusCode, body)
	}
}

// What was really built in, if anything was: every file of the page is served.
func TestBuiltPageIsWhole(t *testing.T) {
	fsys, err := built()
	if err != nil {
		t.Fatal(err)
	}
	index, err := fs.ReadFile(fsys, "index.html")
	if err != nil {
		t.Log("no page was built in")
		return
	}
	g := newRig(t, fsys)
	for _, m := range regexp.MustCompile(`(?:src|href)="(/webui/assets/[^"]*)"`).FindAllStringSubmatch(string(index), -1) {
		res, zipped := g.get(m[1], "Accept-Encoding: gzip")
		if res.StatusCode == http.StatusOK && res.Header.Get("Content-Encoding") == "" && zipped != "" && len(zipped) < 1024 {
			continue // compressing it would not pay
		}
		r, err := gzip.NewReader(strings.NewReader(zipped))
		if err != nil {
			t.Fatalf("GET %s: got %d, want a gzip stream: %v", m[1], res.StatusCode, err)
		}
		unzipped, err := io.ReadAll(r)
		if _, plain := g.get(m[1]); err != nil || string(unzipped) != plain {
			t.Errorf("GET %s: the compressed copy differs from the file (%v)", m[1], err)
		}
	}
}

func FuzzAccepts(f *testing.F) {
	f.Add("gzip, deflate, br")
	f.Add("br;q=0, gzip;q=0.001;x=y,*")
	f.Add(",;=,,q=;br;Q = 1")
	f.Fuzz(func(t *testing.T, header string) {
		if accepts(header, "br") && !strings.Contains(strings.ToLower(header), "br") {
			t.Errorf("%q: br is accepted without being named", header)
		}
	})
}
