package theming

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"hash/crc32"
	"io"
	"net/url"
	"strings"
	"testing"

	"atrium/internal/core/settings"
	"atrium/internal/infra/db/dbtest"
)

func TestPicturesAreKeptShownAndPutBack(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		first := pngOf(8, 4)
		for _, key := range pictures {
			if w := g.upload("admin", key, first); w.Code != 200 || !strings.Contains(w.Body.String(), `"mime":"image/png"`) {
				t.Fatalf("%s: %d %s", key, w.Code, w.Body)
			}
		}
		f, c := g.face(), g.caps()
		if !strings.HasPrefix(f.Logo, "/apps/theming/image/logo?v=") || !strings.HasPrefix(f.Icon, "/apps/theming/image/favicon?v=") || c.BackgroundPlain || c.BackgroundDefault {
			t.Errorf("%+v %+v", f, c)
		}
		w := g.get(f.Logo)
		if !bytes.Equal(w.Body.Bytes(), first) || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%d %v", w.Code, w.Header())
		}
		if w := g.get("/index.php/apps/theming/favicon/files"); !bytes.Equal(w.Body.Bytes(), first) {
			t.Errorf("favicon %d", w.Code)
		}
		if css := g.get(f.Sheet).Body.String(); !strings.Contains(css, `--backdrop:url("/apps/theming/image/background?v=`) {
			t.Error(css)
		}
		g.upload("admin", "logo", pngOf(4, 4))
		if again := g.face(); again.Logo == f.Logo {
			t.Error("another picture has the address of the first")
		}
		if w := g.post("admin", "/apps/theming/ajax/undoChanges", url.Values{"setting": {"logo"}}); w.Code != 200 || g.face().Logo != "" || g.get("/apps/theming/image/logo").Code != 404 {
			t.Errorf("%d %s, %+v", w.Code, w.Body, g.face())
		}
	})
}

// huge says in its header that it is larger than what it holds.
func huge() []byte {
	b := pngOf(1, 1)
	binary.BigEndian.PutUint32(b[16:], 40000)
	binary.BigEndian.PutUint32(b[20:], 40000)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, settings.Schema, Schema))
	for name, b := range map[string][]byte{
		"markup": []byte("<html><script>alert(1)</script></html>"), "text": []byte("hello"), "nothing": nil, "half": pngOf(9, 9)[:20], "huge": huge(),
		"half an SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><g>`), "two": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/><svg xmlns="http://www.w3.org/2000/svg"/>`),
		"other markup with svg": []byte(`<html xmlns="http://www.w3.org/1999/xhtml"><svg/></html>`),
		"deep":                  []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat("<g>", 200) + strings.Repeat("</g>", 200) + "</svg>"),
	} {
		if w := g.upload("admin", "logo", b); w.Code != 400 || !strings.Contains(w.Body.String(), `"status":"error"`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := g.upload("admin", "logo", make([]byte, maxPicture+1)); w.Code != 413 {
		t.Errorf("too large: %d %s", w.Code, w.Body)
	}
	if w := g.upload("admin", "wallpaper", pngOf(2, 2)); w.Code != 400 {
		t.Errorf("no such place: %d %s", w.Code, w.Body)
	}
	if g.face().Logo != "" {
		t.Errorf("%+v", g.face())
	}
}

const hostile = `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x "y">]>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9" onload="alert(1)">
<script>alert(1)</script><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="alert(1)"/></body></foreignObject>
<style>@import "https://evil.example/x.css";</style><image href="https://evil.example/a.png"/><a href="javascript:alert(1)"><path d="M0 0"/></a>
<animate attributeName="href" to="javascript:alert(1)"/><use xlink:href="https://evil.example/#a"/><use xlink:href="#shape"/>
<rect id="shape" fill="url(https://evil.example/a)" style="background:url('//evil.example/b')" stroke="url( &quot;#shade&quot; )" width="3" height="3"/>
<circle fill="ur\6c(https://evil.example)" style="fill:red" r="2"/><text>&lt;script&gt; &amp; words</text></svg>`

func TestAnSVGIsWrittenAnewWithoutHarm(t *testing.T) {
	got, err := cleanSVG([]byte(hostile))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"script>alert", "onload", "onerror", "evil", "javascript", "foreignObject", "<style", "<image", "<animate", "<a ", "DOCTYPE", "ur\\6c"} {
		if strings.Contains(string(got), bad) {
			t.Errorf("%q is left in %s", bad, got)
		}
	}
	for _, good := range []string{`viewBox="0 0 9 9"`, `<use href="#shape">`, `<rect id="shape" stroke="url( &#34;#shade&#34; )" width="3"`, `style="fill:red" r="2"`, "&lt;script&gt; &amp; words"} {
		if !strings.Contains(string(got), good) {
			t.Errorf("%q is missing in %s", good, got)
		}
	}
}

func FuzzSVG(f *testing.F) {
	f.Add([]byte(hostile))
	f.Add([]byte(`<svg><g/></svg>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := cleanSVG(b)
		if err != nil {
			return
		}
		d := xml.NewDecoder(bytes.NewReader(out))
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in %q of %q", err, out, b)
			}
			e, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			if !svgElements[e.Name.Local] {
				t.Fatalf("<%s> in %q", e.Name.Local, out)
			}
			for _, a := range e.Attr {
				if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") || a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") {
					t.Fatalf("%s=%q in %q", a.Name.Local, a.Value, out)
				}
			}
		}
		if again, err := cleanSVG(out); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("cleaning twice: %v\n%q\n%q", err, out, again)
		}
	})
}
