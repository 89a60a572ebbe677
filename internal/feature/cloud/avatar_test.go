package cloud

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http/httptest"
	"testing"

	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db/dbtest"
)

func sent(t *testing.T, b []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestGeneratedAvatars(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, identity.Schema, Schema))
	for target, want := range map[string]int{
		"/index.php/avatar/otto/64": 64, "/index.php/avatar/otto/1": 64, "/index.php/avatar/otto/65": 512, "/index.php/avatar/otto/5000/dark": 512,
		"/remote.php/dav/avatars/otto/96.png": 96, "/remote.php/dav/avatars/otto/128.jpeg": 128, "/remote.php/dav/avatars/otto/99999.png": 512,
		"/avatar/guest/%E5%B1%B1%E7%94%B0/64": 64,
	} {
		w := g.get("olga", target)
		if got := sent(t, w.Body.Bytes()).Bounds().Dx(); got != want {
			t.Errorf("%s: %d pixels, want %d", target, got, want)
		}
	}
	for target, want := range map[string]int{
		"/remote.php/dav/avatars/ghost/96.png": 404, "/remote.php/dav/avatars/otto/x.png": 404, "/remote.php/dav/avatars/otto/96.svg": 404,
	} {
		if w := g.get("olga", target); w.Code != want {
			t.Errorf("%s: %d, want %d", target, w.Code, want)
		}
	}
	if w := g.get("", "/remote.php/dav/avatars/otto/96.png"); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("DAV avatar for nobody: %d", w.Code)
	}
	first := g.get("olga", "/avatar/otto/64")
	if w := g.get("olga", "/avatar/otto/64", "If-None-Match", first.Header().Get("Etag")); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("unchanged: %d", w.Code)
	}
	if bytes.Equal(first.Body.Bytes(), g.get("olga", "/avatar/otto/64/dark").Body.Bytes()) || bytes.Equal(first.Body.Bytes(), g.get("olga", "/avatar/oda/64").Body.Bytes()) {
		t.Error("avatars look alike")
	}
}

// form packs a file as a browser does.
func form(t *testing.T, file []byte) (body *bytes.Buffer, kind string) {
	t.Helper()
	body = &bytes.Buffer{}
	m := multipart.NewWriter(body)
	part, err := m.CreateFormFile("files[]", "me.png")
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return body, m.FormDataContentType()
}

func (g *rig) upload(t *testing.T, file []byte) *httptest.ResponseRecorder {
	t.Helper()
	body, kind := form(t, file)
	r := httptest.NewRequest("POST", "/index.php/avatar/", body)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("OCS-APIRequest", "true")
	r.SetBasicAuth("olga", "olga")
	return g.serve(r)
}

func TestUploadedAvatar(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		img := image.NewNRGBA(image.Rect(0, 0, 300, 100)) // red, and green outside the middle
		for x := range 300 {
			for y := range 100 {
				c := color.NRGBA{0, 200, 0, 255}
				if x >= 100 && x < 200 {
					c = color.NRGBA{200, 0, 0, 255}
				}
				img.SetNRGBA(x, y, c)
			}
		}
		var asPNG, asJPEG bytes.Buffer
		if err := png.Encode(&asPNG, img); err != nil {
			t.Fatal(err)
		}
		if err := jpeg.Encode(&asJPEG, img, nil); err != nil {
			t.Fatal(err)
		}
		for name, file := range map[string][]byte{"png": asPNG.Bytes(), "jpeg": asJPEG.Bytes()} {
			if w := g.upload(t, file); w.Code != 200 || w.Body.String() != `{"status":"success"}` {
				t.Fatalf("%s: %d %s", name, w.Code, w.Body)
			}
			for target, n := range map[string]int{"/avatar/olga/64": 64, "/avatar/olga/512": 512, "/remote.php/dav/avatars/olga/100.png": 100} {
				w := g.get("olga", target)
				got := sent(t, w.Body.Bytes())
				red, green, _, _ := got.At(n/8, n/8).RGBA()
				if got.Bounds().Dx() != n || red < 0x9000 || green > 0x3000 || w.Header().Get("X-NC-IsCustomAvatar") != "1" {
					t.Errorf("%s, %s: %d pixels, corner %v, %v", name, target, got.Bounds().Dx(), got.At(n/8, n/8), w.Header())
				}
			}
		}
		r := httptest.NewRequest("DELETE", "/index.php/avatar/", nil)
		r.SetBasicAuth("olga", "olga")
		if w := g.serve(r); w.Code != 200 || w.Body.String() != "[]" {
			t.Errorf("delete: %d %s", w.Code, w.Body)
		}
		if w := g.get("olga", "/avatar/olga/64"); w.Header().Get("X-NC-IsCustomAvatar") != "0" {
			t.Error("the picture is still there")
		}
	})
}

func TestBadUploads(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, identity.Schema, Schema))
	bomb := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xff\xff\x00\x00\xff\xff\x08\x02\x00\x00\x00"), 0x9d, 0x1f, 0x15, 0x58)
	for name, file := range map[string][]byte{"text": []byte("hello"), "nothing": {}, "bomb": bomb, "half": []byte("\x89PNG\r\n\x1a\n")} {
		if w := g.upload(t, file); w.Code != 400 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := g.upload(t, make([]byte, maxUpload+1)); w.Code != 413 {
		t.Errorf("too large: %d", w.Code)
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Otto": "O", "Olga Ö. Capture": "OC", "olga.capture": "OC", "  ": "", "李 小龙": "李小", "élodie": "É", "3 Doors": "3D", "🎉": "",
	} {
		if got := initials(name); got != want {
			t.Errorf("initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzPaint(f *testing.F) {
	p, err := newPainter()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("olga", "Olga Ö.")
	f.Add("", "\xff\u0301")
	f.Fuzz(func(t *testing.T, id, name string) {
		b, err := p.paint(id, name, 64, dark)
		if err != nil || len(b) == 0 {
			t.Errorf("%q, %q: %v", id, name, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte{0xff, 0xd8, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if img, text := decode(b); text == "" && (img == nil || img.Bounds().Empty()) {
			t.Error("a picture without pixels")
		}
	})
}
