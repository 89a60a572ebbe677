//go:build programs

package fulltext

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os/exec"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// scan is a picture of a line of text, as JPEG.
func scan(t *testing.T, line string) (pixels []byte, b image.Rectangle) {
	t.Helper()
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: 36, DPI: 72})
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, 900, 200))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.Black), Face: face, Dot: fixed.P(40, 110)}
	d.DrawString(line)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), img.Bounds()
}

// scannedPDF has a picture on each page and no text; its table of objects is left
// out, which readers repair.
func scannedPDF(t *testing.T, lines ...string) string {
	t.Helper()
	var pages, objects bytes.Buffer
	for i, line := range lines {
		pixels, b := scan(t, line)
		n := 3 + 3*i
		fmt.Fprintf(&pages, "%d 0 R ", n)
		fmt.Fprintf(&objects, "%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources<</XObject<</I %d 0 R>>>>>>endobj\n", n, b.Dx()/2, b.Dy()/2, n+1, n+2)
		drawing := fmt.Sprintf("%d 0 0 %d 0 0 cm /I Do", b.Dx()/2, b.Dy()/2)
		fmt.Fprintf(&objects, "%d 0 obj<</Length %d>>stream\n%s\nendstream endobj\n", n+1, len(drawing), drawing)
		fmt.Fprintf(&objects, "%d 0 obj<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode/Length %d>>stream\n%s\nendstream endobj\n",
			n+2, b.Dx(), b.Dy(), len(pixels), pixels)
	}
	return fmt.Sprintf("%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[%s]/Count %d>>endobj\n%strailer<</Root 1 0 R>>\n", &pages, len(lines), &objects)
}

// The real programs read a photograph of text and the pages of a scanned PDF, in
// their cages. The test fails where they are not installed (docs/admin/search.md).
func TestWithPrograms(t *testing.T) {
	for _, p := range []string{tesseract, pdftotext, pdfinfo, pdftoppm} {
		if _, err := exec.LookPath(p); err != nil {
			t.Fatalf("%s is not installed", p)
		}
	}
	g := lite(t)
	g.configure(setOCR, "yes")
	photo, _ := scan(t, "A giraffe in the harbour")
	g.put("ann", "/photo.jpg", string(photo))
	g.put("ann", "/scan.pdf", scannedPDF(t, "The first page of a letter", "An elephant on the second"))
	g.put("ann", "/no.jpg", "pixels without sense")
	g.put("ann", "/no.pdf", "%PDF-1.4\n1 0 obj<</Type/Catalog")
	g.settle()
	g.want("ann", "giraffe harbour", "/photo.jpg: A giraffe in the harbour")
	g.want("ann", "elephant letter", "/scan.pdf: The first page of a letter An elephant on the second")
	if c, err := g.room.count(g.ctx); err != nil || c.Texts != 2 || c.Unreadable != 2 || c.Waiting != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if f := g.room.health(g.ctx); f.State != "ok" {
		t.Errorf("%+v", f)
	}
}
