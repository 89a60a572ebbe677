package webui

import (
	"bytes"
	"encoding/json"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"atrium/internal/proto/web"
)

// installable is a client with what a browser installs of it.
var installable = fstest.MapFS{
	"index.html": page["index.html"],
	"away.html":  {Data: []byte(`<!doctype html><html lang="{{.Lang}}" dir="{{.Dir}}" data-name="{{.Face.Name}}">`)},
	"worker.js":  {Data: []byte("work()")},
}

// A browser installs a page whose manifest has a name, an address in its scope and
// icons of 192 and 512 pixels that are there.
func TestPageCanBeInstalled(t *testing.T) {
	g := newRig(t, installable)
	g.user = ""
	res, body := g.get("/webui/manifest.webmanifest", "Accept-Language: de")
	var m struct {
		Name, Lang, Scope, Display, Description string
		Start                                   string `json:"start_url"`
		Icons                                   []icon
		Share                                   shareTarget `json:"share_target"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil || res.Header.Get("Content-Type") != "application/manifest+json" {
		t.Fatalf("got %s %s (%v)", res.Header.Get("Content-Type"), body, err)
	}
	if m.Name != "Atrium" || m.Lang != "de" || m.Description == "" || !strings.HasPrefix(m.Start, m.Scope) || m.Display != "standalone" {
		t.Errorf("got %+v", m)
	}
	if m.Share.Method != "POST" || m.Share.Action != "/apps/files/share" || m.Share.Enctype != "multipart/form-data" || m.Share.Params.Files[0].Name != "files" {
		t.Errorf("got %+v, want files to be posted to us", m.Share)
	}
	var sizes []string
	for _, i := range m.Icons {
		res, body := g.get(i.Src)
		img, err := png.DecodeConfig(bytes.NewReader([]byte(body)))
		if err != nil || res.Header.Get("Content-Type") != i.Type || i.Sizes != text(int64(img.Width))+"x"+text(int64(img.Height)) {
			t.Errorf("%s: got a picture of %d (%v), want %s", i.Src, img.Width, err, i.Sizes)
		}
		sizes = append(sizes, i.Sizes+" "+i.Purpose)
	}
	if got := strings.Join(sizes, ", "); got != "192x192 any, 512x512 any, 512x512 maskable" {
		t.Errorf("got the icons %s", got)
	}
}

func TestInstalledPageBearsTheFaceOfTheServer(t *testing.T) {
	g := newRig(t, installable)
	g.face = web.Face{Name: "Harbour", Color: "#0a6640"}
	if _, body := g.get("/webui/manifest.webmanifest"); !strings.Contains(body, `"name":"Harbour"`) || !strings.Contains(body, `"theme_color":"#0a6640"`) {
		t.Errorf("got %s", body)
	}
	if _, body := g.get("/webui/away"); !strings.Contains(body, `data-name="Harbour"`) {
		t.Errorf("got %s", body)
	}
}

// The worker looks after all addresses and asks nobody but us; a new one is found at once.
func TestWorkerIsAllowedWhatItNeeds(t *testing.T) {
	g := newRig(t, installable)
	g.user = ""
	res, body := g.get("/webui/worker.js?lang=de")
	h := res.Header
	if body != "work()" || h.Get("Service-Worker-Allowed") != "/" || h.Get("Cache-Control") != "no-cache" || !strings.HasPrefix(h.Get("Content-Type"), "text/javascript") {
		t.Errorf("got %q with %v", body, h)
	}
	if got := h.Get("Content-Security-Policy"); got != "default-src 'none';connect-src 'self';base-uri 'none';frame-ancestors 'none'" {
		t.Errorf("got the policy %q", got)
	}
	res, _ = g.get("/webui/away")
	if got := res.Header.Get("Content-Security-Policy"); !strings.Contains(got, "worker-src 'self'") {
		t.Errorf("got the policy %q, want one that lets the page have its worker", got)
	}
}

// What is kept on a device for when there is no line says nothing of whoever was signed in.
func TestPageWithoutALineIsForEverybody(t *testing.T) {
	g := newRig(t, installable)
	for _, user := range []string{"", "alice"} {
		g.user = user
		res, body := g.get("/webui/away?lang=de", "Cookie: atrium_theme=dark")
		if want := `<!doctype html><html lang="de" dir="ltr" data-name="Atrium">`; body != want || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("as %q: got %s with %v, want %s", user, body, res.Header, want)
		}
	}
	if _, body := g.get(`/webui/away?lang="><script>`); !strings.Contains(body, `lang="en"`) {
		t.Errorf("a language nobody speaks: got %s", body)
	}
}

func TestWhatIsSharedPastTheWorkerIsNotTaken(t *testing.T) {
	g := newRig(t, installable)
	req, err := http.NewRequest(http.MethodPost, g.srv.URL+"/apps/files/share", strings.NewReader("title=x"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != "/apps/files/files?shared=missed" {
		t.Errorf("got %d to %q", res.StatusCode, got)
	}
}

func TestServerWithoutPageHasNoWorker(t *testing.T) {
	g := newRig(t, fstest.MapFS{})
	for _, path := range []string{"/webui/worker.js", "/webui/away"} {
		if res, _ := g.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: got %d, want 404", path, res.StatusCode)
		}
	}
}
