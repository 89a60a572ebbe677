//go:build programs

package previews

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// need fails a test whose programs are not installed (docs/admin/previews.md). The
// tests of this file are those of make integration, by the tag programs.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Fatalf("%s is not installed", p)
		}
	}
}

// tool runs a program that makes a source in a folder.
func tool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

func file(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pdfOf is a PDF of one page, 200 by 100 points, with the left half red; its table of
// objects is left out, which readers repair.
func pdfOf(drawing string) []byte {
	return fmt.Appendf(nil, "%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"+
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R>>endobj\n4 0 obj<</Length %d>>stream\n%s\nendstream endobj\ntrailer<</Root 1 0 R>>\n", len(drawing), drawing)
}

const redLeft = "1 0 0 rg 0 0 100 100 re f"

// red tells whether the left of a picture is red and the right is not.
func red(img image.Image) bool {
	b := img.Bounds()
	r, g, _, _ := img.At(b.Dx()/4, b.Dy()/2).RGBA()
	r2, g2, _, _ := img.At(b.Dx()*3/4, b.Dy()/2).RGBA()
	return r > 0xa000 && g < 0x6000 && (r2 < 0xa000 || g2 > 0x6000)
}

const redSVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><rect width="20" height="10" fill="white"/><rect width="10" height="10" fill="red"/></svg>`

// Each kind that needs a program is shown: the left half is red.
func TestWithPrograms(t *testing.T) {
	need(t, "vipsthumbnail", "heif-enc", "heif-convert", "ffmpeg", "pdftoppm", "rsvg-convert", "dcraw")
	g, dir := lite(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.svg"), []byte(redSVG), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, dir, "rsvg-convert", "-w", "400", "-h", "200", "-o", "a.png", "a.svg")
	tool(t, dir, "heif-enc", "-q", "50", "-o", "a.heic", "a.png")
	tool(t, dir, "vipsthumbnail", "a.png", "--size", "400", "-o", filepath.Join(dir, "a.avif"))
	tool(t, dir, "vipsthumbnail", "a.png", "--size", "400", "-o", filepath.Join(dir, "a.jxl"))
	tool(t, dir, "vipsthumbnail", "a.png", "--size", "400", "-o", filepath.Join(dir, "a.jpg"))
	tool(t, dir, "ffmpeg", "-v", "error", "-loop", "1", "-i", "a.png", "-t", "2", "-r", "5", "-pix_fmt", "yuv420p", "a.mp4")
	tool(t, dir, "ffmpeg", "-v", "error", "-loop", "1", "-i", "a.png", "-t", "0.4", "-r", "5", "-pix_fmt", "yuv420p", "short.webm")
	tool(t, dir, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=0.2", "-i", "a.png", "-map", "0", "-map", "1", "-c:v", "png", "-disposition:v", "attached_pic", "a.mp3")
	tool(t, dir, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=0.2", "-i", "a.png", "-map", "0", "-map", "1", "-c:v", "png", "-disposition:v", "attached_pic", "a.m4a")
	tool(t, dir, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=0.2", "-i", "a.png", "-map", "0", "-map", "1", "-c:v", "png", "-disposition:v", "attached_pic", "a.flac")
	sources := map[string][]byte{"a.pdf": pdfOf(redLeft), "a.dng": dngOf(file(t, filepath.Join(dir, "a.jpg")))}
	for _, n := range []string{"a.svg", "a.heic", "a.avif", "a.jxl", "a.mp4", "short.webm", "a.mp3", "a.m4a", "a.flac"} {
		sources[n] = file(t, filepath.Join(dir, n))
	}
	for name, data := range sources {
		e := g.put("/"+name, data)
		for query, want := range map[string]string{"x=128&y=128&a=1": "128x64", "x=64&y=64": "64x64"} {
			w := g.preview(e, query)
			if w.Code != 200 {
				t.Errorf("%s %s: status %d", name, query, w.Code)
				continue
			}
			if img, got := g.shown(w); got != want || !red(img) && want == "128x64" {
				t.Errorf("%s %s: %s, red %v", name, query, got, red(img))
			}
		}
	}
	g.room.programs.Store(&programs{heif: "heif-convert", at: g.now}) // without vipsthumbnail
	e := g.put("/b.heic", sources["a.heic"])
	if img, got := g.shown(g.preview(e, "x=128&y=128&a=1")); got != "128x64" || !red(img) {
		t.Errorf("by heif-convert: %s", got)
	}
}

// What is made to harm ends in 404, soon, and leaves nothing behind.
func TestBombs(t *testing.T) {
	need(t, "vipsthumbnail", "ffmpeg", "pdftoppm", "rsvg-convert")
	g := lite(t)
	if err := g.set.Set(t.Context(), systemApp, "preview_max_seconds", "1"); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret.png")
	if err := os.WriteFile(secret, pngOf(t, 50, 50), 0o644); err != nil {
		t.Fatal(err)
	}
	lol := `<!DOCTYPE svg [<!ENTITY a "ha">` + laughs(12) + `]><svg xmlns="http://www.w3.org/2000/svg"><text>&l12;</text></svg>`
	jpg := jpegOf(t, 400, 300)
	huge := pngOf(t, 8, 8) // claims to be 50,000 pixels wide and high
	copy(huge[16:], "\x00\x00\xc3\x50\x00\x00\xc3\x50")
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for name, data := range map[string][]byte{
		"entities.svg":  []byte(lol),
		"itself.svg":    []byte(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"><g id="a"><use x:href="#b"/></g><g id="b"><use x:href="#a"/><use x:href="#a"/></g></svg>`),
		"loop.pdf":      bytes.Replace(pdfOf("q Q"), []byte("/Kids[3 0 R]"), []byte("/Kids[2 0 R 2 0 R]"), 1),
		"forever.pdf":   pdfOf(strings.Repeat("0 0 m 100 100 l S ", 50000)),
		"garbage.pdf":   []byte("%PDF-1.7\n" + strings.Repeat("<<", 100000)),
		"list.mp4":      []byte("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile://" + secret + "\n#EXT-X-ENDLIST\n"),
		"concat.mkv":    []byte("ffconcat version 1.0\nfile " + secret + "\n"),
		"truncated.gif": []byte("GIF89a\xff\xff\xff\xff\xf7\x00\x00"),
		"empty.mp3":     []byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7fAPIC\x7f\x7f\x7f\x7f\x00\x00"),
		"a.heic":        []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"),
		"a.tiff":        []byte("II*\x00\x08\x00\x00\x00\xff\xff"),
		"half.jpg":      jpg[:len(jpg)/2],
		"huge.png":      huge,
	} {
		w := g.preview(g.put("/"+name, data), "x=64&y=64")
		shown := name == "half.jpg" || name == "itself.svg" || name == "forever.pdf" // as far as they go
		if w.Code != 404 && (w.Code != 200 || !shown) {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	outside := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" viewBox="0 0 50 50"><image x:href="file://%s" width="50" height="50"/></svg>`, secret)
	if w := g.preview(g.put("/outside.svg", []byte(outside)), "x=64&y=64"); w.Code == 200 {
		if img, _ := g.shown(w); !blank(img) {
			t.Error("a drawing shows another file")
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(g.room.store.dir), "tmp", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func laughs(n int) (out string) {
	before := "a"
	for i := 1; i <= n; i++ {
		out += fmt.Sprintf("<!ENTITY l%d \"%s\">", i, strings.Repeat("&"+before+";", 20))
		before = fmt.Sprintf("l%d", i)
	}
	return out
}

func blank(img image.Image) bool {
	b := img.Bounds()
	first := img.At(b.Min.X, b.Min.Y)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if img.At(x, y) != first {
				return false
			}
		}
	}
	return true
}
