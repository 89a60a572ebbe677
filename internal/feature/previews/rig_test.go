package previews

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/blob/disk"
	"atrium/internal/infra/cage"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// The test binary is a cage when it is called as one.
func TestMain(m *testing.M) {
	cage.Main(os.Args[1:], Workers())
	os.Exit(m.Run())
}

type byName struct{}

func (byName) Authenticate(r *http.Request) (*who.Principal, error) {
	name, _, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return &who.Principal{ID: name, Display: name, Login: name, Via: who.ViaAppPassword}, nil
}

// rig is the room behind a real door, over a disk store and SQLite.
type rig struct {
	testing.TB
	db    *db.DB
	files *files.Service
	set   *settings.Store
	room  *Room
	board *plug.Board
	door  *web.Door
	now   time.Time
}

func diskStore(t testing.TB) blob.Driver {
	b, _, err := disk.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b.NoSync = true
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func newRig(t testing.TB, d *db.DB, b blob.Driver) *rig {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := content.New(d, b)
	f := files.New(d, tree.New(d), c, func(context.Context, *db.DB, interface{ EventName() string }) error { return nil })
	g := &rig{TB: t, db: d, files: f, set: settings.New(d), now: time.Now()}
	dir := t.TempDir()
	g.room = New(f, c, g.set, cage.New(self, dir+"/tmp"), dir)
	g.room.now = func() time.Time { return g.now }
	g.board = &plug.Board{Web: web.NewMux(), DAV: dav.NewMux("/remote.php/dav"), Hook: &f.Hooks, Jobs: jobs.New(d)}
	g.board.DAV.Mount("files", nil)
	g.room.Plug(g.board)
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{byName{}}}, g.board.Web)
	return g
}

var schemas = []db.Schema{settings.Schema, tree.Schema, content.Schema}

func lite(t testing.TB) *rig { return newRig(t, dbtest.SQLite(t, schemas...), diskStore(t)) }

func (g *rig) view(uid string) *files.View {
	g.Helper()
	v, err := g.files.As(g.Context(), &who.Principal{ID: uid})
	if err != nil {
		g.Fatal(err)
	}
	return v
}

// put writes a file of olga's.
func (g *rig) put(path string, data []byte) *files.Entry {
	g.Helper()
	w, err := g.view("olga").Write(g.Context(), path, files.Put{Body: bytes.NewReader(data), Size: int64(len(data))})
	if err != nil {
		g.Fatal(err)
	}
	return w.Entry
}

// get asks as somebody; headers come as "Name: value".
func (g *rig) get(as, url string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", url, nil)
	r.Header.Set("OCS-APIRequest", "true")
	if as != "" {
		r.SetBasicAuth(as, as)
	}
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

// preview asks for a preview as olga.
func (g *rig) preview(e *files.Entry, query string) *httptest.ResponseRecorder {
	return g.get("olga", fmt.Sprintf("/index.php/core/preview?fileId=%d&%s", e.ID, query))
}

// shown decodes an answer and tells its size.
func (g *rig) shown(w *httptest.ResponseRecorder) (image.Image, string) {
	g.Helper()
	if w.Code != 200 {
		g.Fatalf("status %d: %s", w.Code, w.Body)
	}
	img, format, err := image.Decode(bytes.NewReader(w.Body.Bytes()))
	if err != nil || "image/"+format != w.Header().Get("Content-Type") {
		g.Fatalf("%s: %v", w.Header().Get("Content-Type"), err)
	}
	return img, fmt.Sprintf("%dx%d", img.Bounds().Dx(), img.Bounds().Dy())
}

// hasPreview is nc:has-preview of an entry.
func (g *rig) hasPreview(e *files.Entry) string {
	g.Helper()
	set, err := props{g.room}.Open(g.Context(), dav.Resource{}, []xml.Name{hasPreview})
	if err != nil {
		g.Fatal(err)
	}
	b, ok := set.Writers[0](nil, &dav.Resource{Value: e})
	if !ok {
		return "-"
	}
	return string(b)
}

// painted is a picture with some colours in it.
func painted(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(x * 255 / w), uint8(y * 255 / h), uint8((x ^ y) & 0xff), 255})
		}
	}
	return img
}

func pngOf(t testing.TB, w, h int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, painted(w, h)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, w, h int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, painted(w, h), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
