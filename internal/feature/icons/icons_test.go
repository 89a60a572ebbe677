package icons_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http/httptest"
	"testing"

	"atrium/internal/feature/icons"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

func TestPicturesAreServedAndKept(t *testing.T) {
	m := web.NewMux()
	icons.New().Plug(&plug.Board{Web: m})
	door := web.NewDoor(web.Config{}, m)
	get := func(path, etag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("If-None-Match", etag)
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{"/core/img/filetypes/folder.svg", "/index.php/core/img/filetypes/application-pdf.svg",
		"/index.php/apps/theming/img/core/filetypes/x-office-document.svg", "/core/img/actions/alarm.svg", "/apps/files/img/folder-move.svg"} {
		w := get(path, "")
		if w.Code != 200 || w.Header().Get("Content-Type") != "image/svg+xml" || w.Header().Get("Cache-Control") != "public, max-age=604800" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		wellFormed(t, path, w.Body.Bytes())
		if again := get(path, w.Header().Get("Etag")); again.Code != 304 || again.Body.Len() > 0 {
			t.Errorf("%s again: %d, %d bytes", path, again.Code, again.Body.Len())
		}
	}
	for _, path := range []string{"/core/img/filetypes/none.svg", "/core/img/filetypes/..%2falarm.svg", "/core/img/filetypes/"} {
		if w := get(path, ""); w.Code != 404 && w.Code != 400 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func wellFormed(t *testing.T, what string, b []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
}
