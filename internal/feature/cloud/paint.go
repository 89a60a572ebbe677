package cloud

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// tint is for which background an avatar is painted.
type tint uint8

const (
	light tint = iota
	dark
)

// painter paints initials on a colour that belongs to the name. What it painted
// lately it keeps, since clients ask again and again.
type painter struct {
	face *opentype.Font

	mu   sync.Mutex
	kept map[string][]byte
}

// keptAvatars bounds the pictures kept, of 1 to 15 KiB each.
const keptAvatars = 300

func newPainter() (*painter, error) {
	f, err := opentype.Parse(gomedium.TTF)
	if err != nil {
		return nil, fmt.Errorf("font of avatars: %w", err)
	}
	return &painter{face: f, kept: map[string][]byte{}}, nil
}

// paint returns a PNG of n by n pixels. id gives the colour, so that it stays
// when somebody is called differently.
func (p *painter) paint(id, name string, n int, t tint) ([]byte, error) {
	letters := initials(name)
	key := fmt.Sprintf("%d %d %s\n%s", n, t, letters, id)
	p.mu.Lock()
	b := p.kept[key]
	p.mu.Unlock()
	if b != nil {
		return b, nil
	}
	back, ink := colours(id, t)
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	fill(img, back)
	if p.knows(letters) {
		if err := p.write(img, letters, ink); err != nil {
			return nil, err
		}
	} else {
		silhouette(img, ink)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, err
	}
	p.mu.Lock()
	if len(p.kept) >= keptAvatars {
		clear(p.kept)
	}
	p.kept[key] = out.Bytes()
	p.mu.Unlock()
	return out.Bytes(), nil
}

// Mark paints the first letter of a name in a square of side pixels, as PNG.
func (rm *Room) Mark(name string, back, ink [3]uint8, side int) ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	fill(img, color.NRGBA{back[0], back[1], back[2], 255})
	letter, on := initials(name), color.NRGBA{ink[0], ink[1], ink[2], 255}
	if r := []rune(letter); len(r) > 1 {
		letter = string(r[:1])
	}
	if rm.avatars.knows(letter) {
		if err := rm.avatars.write(img, letter, on); err != nil {
			return nil, err
		}
	} else {
		silhouette(img, on)
	}
	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}

// initials are the first letters of the first and the last word.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
	if len(words) == 0 {
		return ""
	}
	first := []rune(words[0])[:1]
	if len(words) > 1 {
		first = append(first, []rune(words[len(words)-1])[0])
	}
	return strings.ToUpper(string(first))
}

// colours derive from the id: any hue, always with enough contrast.
func colours(id string, t tint) (back, ink color.NRGBA) {
	sum := sha256.Sum256([]byte(id))
	hue := float64(sum[0]) / 256
	if t == dark {
		return hsl(hue, 0.45, 0.24), hsl(hue, 0.75, 0.86)
	}
	return hsl(hue, 0.5, 0.36), color.NRGBA{255, 255, 255, 255}
}

func hsl(h, s, l float64) color.NRGBA {
	part := func(n float64) uint8 {
		k := math.Mod(n+h*12, 12)
		a := s * min(l, 1-l)
		return uint8(math.Round(255 * (l - a*max(-1, min(k-3, 9-k, 1)))))
	}
	return color.NRGBA{part(0), part(8), part(4), 255}
}

func fill(img *image.NRGBA, c color.NRGBA) {
	for i := 0; i < len(img.Pix); i += 4 {
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = c.R, c.G, c.B, c.A
	}
}

// knows tells whether the font can write this.
func (p *painter) knows(letters string) bool {
	var buf sfnt.Buffer
	for _, r := range letters {
		if g, err := p.face.GlyphIndex(&buf, r); err != nil || g == 0 {
			return false
		}
	}
	return letters != ""
}

// write puts the letters in the middle, by the height of capitals.
func (p *painter) write(img *image.NRGBA, letters string, ink color.NRGBA) error {
	n := img.Bounds().Dx()
	face, err := opentype.NewFace(p.face, &opentype.FaceOptions{Size: float64(n) * 0.42, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return err
	}
	d := font.Drawer{Dst: img, Src: image.NewUniform(ink), Face: face}
	capital := face.Metrics().CapHeight
	d.Dot = fixed.Point26_6{X: (fixed.I(n) - d.MeasureString(letters)) / 2, Y: (fixed.I(n) + capital) / 2}
	d.DrawString(letters)
	return face.Close()
}

// silhouette paints a person for names the font cannot write.
func silhouette(img *image.NRGBA, ink color.NRGBA) {
	n := float32(img.Bounds().Dx())
	z := vector.NewRasterizer(img.Bounds().Dx(), img.Bounds().Dy())
	ellipse(z, n*0.5, n*0.38, n*0.16, n*0.16)
	ellipse(z, n*0.5, n*0.92, n*0.3, n*0.32)
	z.Draw(img, img.Bounds(), image.NewUniform(ink), image.Point{})
}

// ellipse adds a closed curve of four cubics around (x, y).
func ellipse(z *vector.Rasterizer, x, y, rx, ry float32) {
	const k = 0.5522848 // makes a cubic a quarter of a circle, within 0.03 %
	z.MoveTo(x+rx, y)
	z.CubeTo(x+rx, y+k*ry, x+k*rx, y+ry, x, y+ry)
	z.CubeTo(x-k*rx, y+ry, x-rx, y+k*ry, x-rx, y)
	z.CubeTo(x-rx, y-k*ry, x-k*rx, y-ry, x, y-ry)
	z.CubeTo(x+k*rx, y-ry, x+rx, y-k*ry, x+rx, y)
	z.ClosePath()
}
