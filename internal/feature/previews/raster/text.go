package raster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Bounds of a text that is drawn.
const (
	maxText  = 16 << 10 // bytes that are read
	maxLines = 80
	maxPage  = 2048 // pixels of a side
)

var errNoText = errors.New("this is no text")

// drawText draws the beginning of a text, black on white, on a page in the
// proportions of the frame; the letters grow with the frame.
func drawText(in io.Reader, o Order) (*image.RGBA, error) {
	raw, err := io.ReadAll(io.LimitReader(in, maxText))
	if err != nil {
		return nil, err
	}
	text, err := readable(raw)
	if err != nil {
		return nil, err
	}
	w, h := min(o.W, maxPage), min(o.H, maxPage)
	p := &page{img: image.NewRGBA(image.Rect(0, 0, w, h)), size: max(float64(min(w, h))/28, 4)}
	draw.Draw(p.img, p.img.Bounds(), image.White, image.Point{}, draw.Src)
	p.margin = fixed.I(max(min(w, h)/24, 2))
	p.y = p.margin
	for i, l := range strings.Split(text, "\n") {
		if i >= maxLines || p.y >= fixed.I(h) {
			break
		}
		style := line{text: l, face: gomono.TTF, scale: 0.85}
		if !o.Plain {
			style = markdown(l)
		}
		if err := p.draw(style); err != nil {
			return nil, err
		}
	}
	return p.img, nil
}

// readable turns the beginning of a file into text: UTF-8, with or without a byte
// order mark, or UTF-16 with one.
func readable(raw []byte) (string, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
		raw = utf16(raw[2:], binary.LittleEndian)
	case bytes.HasPrefix(raw, []byte("\xfe\xff")):
		raw = utf16(raw[2:], binary.BigEndian)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(raw, 0) >= 0 {
		return "", errNoText
	}
	text := strings.ToValidUTF8(string(raw), "\ufffd")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	if strings.TrimSpace(text) == "" {
		return "", errNoText
	}
	return text, nil
}

// utf16 decodes as far as whole characters of the first plane go.
func utf16(raw []byte, order binary.ByteOrder) []byte {
	var out []byte
	for ; len(raw) >= 2; raw = raw[2:] {
		out = utf8.AppendRune(out, rune(order.Uint16(raw)))
	}
	return out
}

// line is a line of text and how it looks.
type line struct {
	text   string
	face   []byte // a font
	scale  float64
	indent int // letters
}

// markdown tells how a line of Markdown looks: headings are large, items of lists
// have a dot, marks of emphasis are left out.
func markdown(s string) line {
	l := line{text: s, face: goregular.TTF, scale: 1}
	trimmed := strings.TrimLeft(s, " ")
	hashes := len(trimmed) - len(strings.TrimLeft(trimmed, "#"))
	switch {
	case hashes >= 1 && hashes <= 6 && strings.HasPrefix(trimmed[hashes:], " "):
		l.text, l.face, l.scale = strings.TrimRight(strings.TrimSpace(trimmed[hashes:]), "# "), gobold.TTF, 1.9-0.15*float64(hashes)
	case strings.HasPrefix(trimmed, "- "), strings.HasPrefix(trimmed, "* "), strings.HasPrefix(trimmed, "+ "):
		l.text, l.indent = "• "+trimmed[2:], 1+(len(s)-len(trimmed))/2
	case strings.HasPrefix(s, "    "), strings.HasPrefix(s, "\t"), strings.HasPrefix(s, "```"):
		l.face, l.scale = gomono.TTF, 0.85
		return l
	}
	l.text = strings.NewReplacer("**", "", "__", "", "`", "").Replace(l.text)
	return l
}

// page is being written on.
type page struct {
	img    *image.RGBA
	size   float64 // pixels of a line's letters
	margin fixed.Int26_6
	y      fixed.Int26_6
	faces  map[*byte]map[float64]font.Face
}

func (p *page) face(ttf []byte, scale float64) (font.Face, error) {
	key := &ttf[0]
	if f := p.faces[key][scale]; f != nil {
		return f, nil
	}
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		return nil, err
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: p.size * scale, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, err
	}
	if p.faces == nil {
		p.faces = map[*byte]map[float64]font.Face{}
	}
	if p.faces[key] == nil {
		p.faces[key] = map[float64]font.Face{}
	}
	p.faces[key][scale] = f
	return f, nil
}

var ink = image.NewUniform(color.RGBA{0x22, 0x22, 0x22, 0xff})

// draw writes a line, broken where the page ends.
func (p *page) draw(l line) error {
	f, err := p.face(l.face, l.scale)
	if err != nil {
		return err
	}
	m := f.Metrics()
	left := p.margin + fixed.Int26_6(float64(l.indent)*p.size*32)
	d := font.Drawer{Dst: p.img, Src: ink, Face: f, Dot: fixed.Point26_6{X: left, Y: p.y + m.Ascent}}
	right, bottom := fixed.I(p.img.Rect.Dx())-p.margin, fixed.I(p.img.Rect.Dy())
	for _, c := range strings.ReplaceAll(l.text, "\t", "    ") {
		if unicode.IsControl(c) {
			continue
		}
		adv, ok := f.GlyphAdvance(c)
		if !ok {
			c = '\ufffd'
			adv, _ = f.GlyphAdvance(c)
		}
		if d.Dot.X+adv > right {
			d.Dot = fixed.Point26_6{X: left, Y: d.Dot.Y + m.Height}
		}
		if d.Dot.Y-m.Ascent >= bottom {
			break
		}
		d.DrawString(string(c))
	}
	p.y = d.Dot.Y - m.Ascent + m.Height
	return nil
}
