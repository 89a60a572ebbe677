package theming

import (
	"bytes"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// named signs in who says a name: admin is one.
type named struct{}

func (named) Authenticate(r *http.Request) (*who.Principal, error) {
	name, _, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	p := &who.Principal{ID: name, Via: who.ViaPassword}
	if name == "admin" {
		p.Role = who.Admin
	}
	return p, nil
}

// rig is the room behind a real door whose pages have its face.
type rig struct {
	t     *testing.T
	room  *Room
	store *settings.Store
	board *plug.Board
	door  *web.Door
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	m := web.NewMux()
	g := &rig{t: t, store: settings.New(d), board: &plug.Board{Web: m, OCS: ocs.NewMux(m)}}
	g.room = New(d, g.store)
	g.room.Mark = func(string, [3]uint8, [3]uint8, int) ([]byte, error) { return pngOf(2, 2), nil }
	g.room.Plug(g.board)
	pages, err := web.NewPages()
	if err != nil {
		t.Fatal(err)
	}
	if err := pages.Assets(m); err != nil {
		t.Fatal(err)
	}
	m.Handle("GET", "/broken", web.Anyone|web.Page, func(http.ResponseWriter, *http.Request) error { return fault.New(fault.NotFound, "Not here.") })
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{named{}}, Face: g.room.Face}, m)
	return g
}

func each(t *testing.T, f func(t *testing.T, g *rig)) {
	t.Helper()
	dbtest.Each(t, []db.Schema{settings.Schema, Schema}, func(t *testing.T, d *db.DB) { f(t, newRig(t, d)) })
}

func (g *rig) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	return w
}

func (g *rig) get(path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return g.serve(r)
}

// post sends a form as somebody.
func (g *rig) post(as, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(as, as)
	return g.serve(r)
}

func (g *rig) set(name, value string) *httptest.ResponseRecorder {
	return g.post("admin", "/apps/theming/ajax/updateStylesheet", url.Values{"setting": {name}, "value": {value}})
}

func (g *rig) upload(as, key string, b []byte) *httptest.ResponseRecorder {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	_ = m.WriteField("key", key)
	part, err := m.CreateFormFile("image", "picture.png")
	if err != nil {
		g.t.Fatal(err)
	}
	_, _ = part.Write(b)
	_ = m.Close()
	r := httptest.NewRequest("POST", "/index.php/apps/theming/ajax/uploadImage", &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	r.SetBasicAuth(as, as)
	return g.serve(r)
}

func (g *rig) face() web.Face { return g.room.Face(g.t.Context()) }

func (g *rig) caps() section {
	return g.room.caps(g.t.Context(), nil).(section)
}

func pngOf(w, h int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, w, h))); err != nil {
		panic(err)
	}
	return b.Bytes()
}
