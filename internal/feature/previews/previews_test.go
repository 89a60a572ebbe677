package previews

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/web/webtest"
)

// The recorded exchanges. Nothing is different on purpose but the pictures
// themselves, which are not compared.
func TestRecordedExchanges(t *testing.T) {
	g := lite(t)
	pixel := g.put("/pixel.png", pngOf(t, 64, 48))
	g.put("/pixel2.png", pngOf(t, 32, 32))
	note := g.put("/note.txt", []byte("some words\n"))
	if _, err := g.view("olga").Mkdir(t.Context(), "/folder"); err != nil {
		t.Fatal(err)
	}
	folder, err := g.view("olga").Stat(t.Context(), "/folder")
	if err != nil {
		t.Fatal(err)
	}
	g.put("/ocs-blocked.txt", []byte("blocked"))
	g.files.Hooks.Guards = append(g.files.Hooks.Guards, blocked{"/ocs-blocked.txt"})
	look := func(_ context.Context, _ *who.Principal, name string, id, version int64) (*files.View, *files.Entry, error) {
		if id != 26711 && name != "/vp.png" {
			return nil, nil, fault.NotFound
		}
		return g.view("olga"), pixel, nil
	}
	g.room.Trashed, g.room.Versions = look, look
	ids := strings.NewReplacer("26918", fmt.Sprint(pixel.ID), "26919", fmt.Sprint(note.ID), "26913", fmt.Sprint(folder.ID))
	for _, e := range webtest.Load(t, "testdata") {
		r := webtest.Rules{Headers: []string{"Content-Type", "Cache-Control", "Content-Disposition"}, Present: []string{"ETag", "X-User-Id", "Last-Modified", "Expires"}}
		e.Request.URL.RawQuery = ids.Replace(e.Request.URL.RawQuery)
		if len(e.As) > 0 {
			e.Request.SetBasicAuth(e.As[0], e.As[0])
		}
		if e.Header.Get("Cache-Control") == "" {
			r.Headers = r.Headers[:1]
		}
		w := httptest.NewRecorder()
		if strings.HasPrefix(e.Name, "32-") { // what the room of public links does
			v := g.view("olga")
			file, err := v.Stat(t.Context(), e.Request.URL.Query().Get("file"))
			if err != nil {
				t.Fatal(err)
			}
			if err := g.room.Serve(w, e.Request, v, file); err != nil {
				t.Errorf("%s: %v", e.Name, err)
			}
		} else {
			g.door.ServeHTTP(w, e.Request)
		}
		e.Compare(t, w, r)
	}
}

// blocked is a rule that keeps a file from being read.
type blocked struct{ path string }

func (b blocked) Check(_ context.Context, op files.Op, e *files.Entry) error {
	if op == files.OpRead && e.Path == b.path {
		return fault.New(fault.Denied, "Access denied by access control")
	}
	return nil
}

func TestSizesGoUpALadder(t *testing.T) {
	g := lite(t)
	e := g.put("/photo.jpg", jpegOf(t, 800, 600))
	for query, want := range map[string]string{
		"":                          "64x64",
		"x=32&y=32":                 "64x64",
		"x=65&y=65":                 "128x128",
		"x=100&y=50":                "128x64",
		"x=256&y=256&a=1":           "256x192",
		"x=256&y=256&a=true":        "256x192",
		"x=250&y=250&a=0":           "256x256",
		"x=256&y=256&a=1&mode=fill": "256x192",
		"x=256&y=64&a=1&mode=cover": "256x192",
		"x=64&y=256&a=1&mode=cover": "341x256",
		"x=-1&y=-1&a=1":             "800x600",
		"x=4096&y=4096&a=1":         "800x600",
		"x=9999999&y=64&a=0":        "800x13",
		"x=4096&y=4096":             "600x600",
	} {
		w := g.preview(e, query)
		if _, got := g.shown(w); got != want || w.Header().Get("Content-Type") != "image/jpeg" {
			t.Errorf("%s: %s as %s, want %s", query, got, w.Header().Get("Content-Type"), want)
		}
	}
	for _, query := range []string{"x=0", "y=0", "x=a", "y=1.5", "x=99999999999999999999"} {
		if w := g.preview(e, query); w.Code != 400 || w.Body.String() != "[]" {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	if err := g.set.Set(t.Context(), systemApp, "preview_max_x", "256"); err != nil {
		t.Fatal(err)
	}
	g.now = g.now.Add(2 * configFor)
	if _, got := g.shown(g.preview(e, "x=1024&y=1024&a=1")); got != "256x192" {
		t.Errorf("with preview_max_x: %s", got)
	}
}

// A preview that is there is served without any decoder, and shared by all files
// with the same content.
func TestKeptPreviewsNeedNoDecoder(t *testing.T) {
	g := lite(t)
	e := g.put("/a.png", pngOf(t, 300, 200))
	first := g.preview(e, "x=64&y=64")
	g.shown(first)
	if _, _, err := g.view("olga").Copy(t.Context(), e, "/b.png", files.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	g.room.cage = nil // whoever calls it now panics
	b, err := g.view("olga").Stat(t.Context(), "/b.png")
	if err != nil {
		t.Fatal(err)
	}
	w := g.preview(b, "x=40&y=40")
	if g.shown(w); w.Header().Get("Etag") != first.Header().Get("Etag") || w.Body.String() != first.Body.String() {
		t.Errorf("the copy has another preview")
	}
	r := httptest.NewRequest("GET", fmt.Sprintf("/core/preview?fileId=%d&x=64&y=64", e.ID), nil)
	r.SetBasicAuth("olga", "olga")
	ctx, n := db.Count(r.Context())
	if g.door.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx)); n.Load() > 2 {
		t.Errorf("it costs %d statements", n.Load())
	}
	if w := g.get("olga", fmt.Sprintf("/core/preview?fileId=%d&x=64&y=64", e.ID), "If-None-Match: "+first.Header().Get("Etag")); w.Code != 304 {
		t.Errorf("unchanged: %d", w.Code)
	}
}

// Who may not read the file any more does not see the preview that was made while
// they could.
func TestRevokedAtOnce(t *testing.T) {
	g := lite(t)
	e := g.put("/a.png", pngOf(t, 100, 100))
	g.shown(g.preview(e, "x=64&y=64"))
	g.files.Hooks.Guards = append(g.files.Hooks.Guards, blocked{"/a.png"})
	if w := g.preview(e, "x=64&y=64"); w.Code != 403 || w.Body.String() != "[]" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	drop, err := g.files.Through(t.Context(), &who.Principal{ID: "otto"}, files.Mount{Space: e.Mount.Space, Root: e.ID, Perm: files.Create})
	if err != nil {
		t.Fatal(err)
	}
	in, err := drop.Stat(t.Context(), "/")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/?x=64&y=64", nil)
	if err := g.room.Serve(httptest.NewRecorder(), r, drop, in); !errors.Is(err, fault.Denied) {
		t.Errorf("without the right to read: %v", err)
	}
}

func TestWhatHasAPreview(t *testing.T) {
	g := lite(t)
	c := defaults()
	for name, want := range map[string]kind{"a.jpg": picture, "a.txt": text, "a.md": markdown, "a.mp3": audio, "a.html": none, "a.bin": none, "a": none, "a.zip": none} {
		e := &files.Entry{Node: nodeOf(10), Mime: files.MediaType(name)}
		if got := c.shows(e, &programs{}); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	all := &programs{vips: "v", rsvg: "r", pdf: "p", office: "o", ffmpeg: "f", dcraw: "d"}
	for name, want := range map[string]kind{"a.heic": heif, "a.avif": heif, "a.cr2": raw, "a.svg": svg, "a.pdf": pdf, "a.docx": office, "a.odt": office, "a.mov": video, "a.jxl": exotic} {
		e := &files.Entry{Node: nodeOf(10), Mime: files.MediaType(name)}
		if got := c.shows(e, all); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
		if got := c.shows(e, &programs{}); got != none {
			t.Errorf("%s is %q with nothing installed", name, got)
		}
	}
	photo := &files.Entry{Node: nodeOf(300 << 20), Mime: "image/jpeg"}
	if c.shows(photo, all) != none {
		t.Error("a picture of 300 MB is shown")
	}
	c.off = []string{"text"}
	if c.shows(&files.Entry{Node: nodeOf(1), Mime: "text/plain"}, all) != none {
		t.Error("a kind that is switched off is shown")
	}
	if got := g.hasPreview(g.put("/x.png", pngOf(t, 1, 1))); got != "true" || !g.room.Shows("image/png") || g.room.Shows("text/html") {
		t.Errorf("has-preview of a picture: %s", got)
	}
	if err := g.set.Set(t.Context(), systemApp, "enable_previews", "false"); err != nil {
		t.Fatal(err)
	}
	g.now = g.now.Add(2 * configFor)
	if got := g.hasPreview(g.put("/y.png", pngOf(t, 1, 1))); got != "false" || g.room.Shows("image/png") {
		t.Errorf("with previews switched off: %s", got)
	}
}

// What cannot be shown is tried once, and again when something has changed.
func TestFailuresAreRemembered(t *testing.T) {
	g := lite(t)
	bad := g.put("/bad.png", []byte("\x89PNG\r\n\x1a\nnot really"))
	if w := g.preview(bad, "x=64&y=64"); w.Code != 404 || w.Body.String() != "[]" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	works := g.room.cage
	g.room.cage = nil
	if w := g.preview(bad, "x=64&y=64"); w.Code != 404 {
		t.Errorf("again: %d", w.Code)
	}
	g.room.cage = works
	g.now = g.now.Add(retryNone + time.Hour)
	if err := os.WriteFile(filepath.Join(g.room.store.shelf(bad.Content), "marker"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if w := g.preview(bad, "x=64&y=64"); w.Code != 404 {
		t.Errorf("a day later: %d", w.Code)
	}
}

// Contents that are not one file on this disk are copied for the decoder.
func TestContentsElsewhere(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, schemas...), mem.New())
	e := g.put("/a.jpg", jpegOf(t, 200, 100))
	if _, got := g.shown(g.preview(e, "x=64&y=64&a=1")); got != "64x32" {
		t.Errorf("got %s", got)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(g.room.store.dir), "tmp", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Many who ask for the same at once share one decoding.
func TestOneDecodingForAll(t *testing.T) {
	g := lite(t)
	e := g.put("/a.jpg", jpegOf(t, 1200, 900))
	done, err := g.room.turns.take(t.Context(), "somebody") // nobody decodes before all have asked
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { g.preview(e, "x=256&y=256") })
	}
	for {
		g.room.flights.mu.Lock()
		n := 0
		for _, f := range g.room.flights.going {
			n += f.waiting
		}
		flights := len(g.room.flights.going)
		g.room.flights.mu.Unlock()
		if n == 20 && flights == 1 {
			break
		}
		if flights > 1 {
			t.Fatal("more than one flight")
		}
	}
	done()
	wg.Wait()
	g.shown(g.preview(e, "x=256&y=256"))
}

func TestSweep(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) { sweeps(t, newRig(t, d, diskStore(t))) })
}

func sweeps(t *testing.T, g *rig) {
	kept, dropped := g.put("/a.png", pngOf(t, 300, 300)), g.put("/b.png", pngOf(t, 301, 301))
	for _, e := range []*files.Entry{kept, dropped} {
		g.shown(g.preview(e, "x=64&y=64"))
		g.shown(g.preview(e, "x=256&y=256"))
	}
	has := func(e *files.Entry) int {
		names, err := readNames(g.room.store.shelf(e.Content))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	if _, err := g.db.Exec(t.Context(), "UPDATE content SET refs = 0 WHERE id = ?", dropped.Content); err != nil {
		t.Fatal(err)
	}
	if err := g.room.sweepIfDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if has(kept) != 2 || has(dropped) != 0 {
		t.Errorf("after the sweep %d and %d are left", has(kept), has(dropped))
	}
	g.now = g.now.Add(3 * time.Hour)
	g.shown(g.preview(kept, "x=64&y=64")) // looked at again, the other is older now
	if err := g.room.sweep(t.Context(), g.room.store.total.Load()-1); err != nil {
		t.Fatal(err)
	}
	if _, err := g.room.store.get(kept.Content, "1-picture-crop-64x64", g.now); err != nil || has(kept) != 1 {
		t.Errorf("of two, %d are left, and the one that was looked at: %v", has(kept), err)
	}
	if err := g.room.store.empty(); err != nil || has(kept) != 0 {
		t.Errorf("emptied: %d, %v", has(kept), err)
	}
	g.shown(g.preview(kept, "x=64&y=64"))
}

// Places go round among those who wait.
func TestNobodyStarves(t *testing.T) {
	var tn turns
	tn.allow(1)
	done, err := tn.take(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []string
	var wg sync.WaitGroup
	wait := func(who string) {
		before := waiting(&tn)
		wg.Go(func() {
			done, err := tn.take(t.Context(), who)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, who)
			mu.Unlock()
			done()
		})
		for waiting(&tn) == before {
		}
	}
	for range 3 {
		wait("a")
	}
	wait("b")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tn.take(ctx, "c"); err == nil {
		t.Error("who has gone got a place")
	}
	done()
	wg.Wait()
	if got := strings.Join(order, ""); got != "abaa" {
		t.Errorf("order %s", got)
	}
}

func waiting(tn *turns) (n int) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	for _, l := range tn.lines {
		n += len(l)
	}
	return n
}

func nodeOf(size int64) tree.Node { return tree.Node{Kind: tree.File, Size: size} }
