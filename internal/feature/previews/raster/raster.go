// Package raster makes small pictures of large ones, of texts and of the covers
// of music. It runs in the worker of a cage: it may panic, run out of memory or
// never end, and is told what it may take. It knows no files, users or requests.
package raster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
)

// The kinds of sources.
const (
	Picture = "picture" // what the decoders of Go read
	Text    = "text"
	Audio   = "audio" // the picture in a piece of music
)

// The ways to fit a picture into a frame.
const (
	Fit   = "fit"   // all of it, within the frame
	Cover = "cover" // all of it, around the frame
	Crop  = "crop"  // its middle, in the proportions of the frame
)

// Order says what to make.
type Order struct {
	Kind      string `json:"kind"`
	Mode      string `json:"mode"`
	W         int    `json:"w"` // pixels of the frame
	H         int    `json:"h"`
	MaxPixels int64  `json:"max_pixels"` // of the source; more is refused
	MaxMemory int64  `json:"max_memory"` // bytes that decoding may take; more is refused beforehand
	Quality   int    `json:"quality"`    // of JPEG
	Plain     bool   `json:"plain"`      // text is no Markdown
	Upright   bool   `json:"upright"`    // the source was turned upright already
}

// Made describes the picture that follows it.
type Made struct {
	Type string `json:"type"` // media type: image/jpeg or image/png
	W    int    `json:"w"`
	H    int    `json:"h"`
	Full bool   `json:"full"`           // all of the source, in its own size
	Huge bool   `json:"huge,omitempty"` // nothing was made: the source claims more pixels than are allowed
}

// errHuge refuses a source by what its header claims. Nobody else is to try.
var errHuge = errors.New("too many pixels")

// Work follows an order: it writes a line of JSON that is Made, then the picture.
// It is a cage.Worker.
func Work(in *os.File, order string, out io.Writer) error {
	var o Order
	if err := json.Unmarshal([]byte(order), &o); err != nil {
		return err
	}
	made, data, err := Make(in, o)
	if errors.Is(err, errHuge) {
		made, data, err = Made{Huge: true}, nil, nil
	}
	if err != nil {
		return err
	}
	line, err := json.Marshal(made)
	if err != nil {
		return err
	}
	_, err = out.Write(append(append(line, '\n'), data...))
	return err
}

// Make makes a picture of a source.
func Make(in io.ReadSeeker, o Order) (Made, []byte, error) {
	if o.W <= 0 || o.H <= 0 {
		return Made{}, nil, errors.New("the frame is empty")
	}
	switch o.Kind {
	case Text:
		img, err := drawText(in, o)
		if err != nil {
			return Made{}, nil, err
		}
		return encode(img, o, false, "png")
	case Audio:
		cover, err := coverOf(in)
		if err != nil {
			return Made{}, nil, err
		}
		return fromPicture(bytes.NewReader(cover), o)
	case Picture:
		return fromPicture(in, o)
	}
	return Made{}, nil, fmt.Errorf("there is no kind %q", o.Kind)
}

func fromPicture(in io.ReadSeeker, o Order) (Made, []byte, error) {
	turn := upright
	if !o.Upright {
		turn = orientation(in)
	}
	src, format, err := decode(in, func(c image.Config) error { return affordable(c, o) })
	if err != nil {
		return Made{}, nil, err
	}
	b := src.Bounds()
	w, h := turn.size(b.Dx(), b.Dy())
	p := plan(w, h, o)
	from := turn.back(p.from, b.Dx(), b.Dy()).Add(b.Min)
	outW, outH := turn.size(p.w, p.h) // turning is its own inverse, as far as sizes go
	img := turn.apply(shrink(src, from, outW, outH))
	return encode(img, o, p.w == w && p.h == h, format)
}

// affordable refuses what would take too much, before anything is decoded.
func affordable(c image.Config, o Order) error {
	if c.Width <= 0 || c.Height <= 0 || int64(c.Width) > 1<<20 || int64(c.Height) > 1<<20 {
		return fmt.Errorf("%w: %d by %d", errHuge, c.Width, c.Height)
	}
	pixels := int64(c.Width) * int64(c.Height)
	if o.MaxPixels > 0 && pixels > o.MaxPixels {
		return fmt.Errorf("%w: %d, at most %d", errHuge, pixels, o.MaxPixels)
	}
	per := int64(4)
	switch c.ColorModel {
	case color.YCbCrModel:
		per = 2 // the planes of colour are mostly a quarter of that of light
	case color.RGBA64Model, color.NRGBA64Model:
		per = 8
	case color.GrayModel:
		per = 1
	case color.Gray16Model:
		per = 2
	}
	if _, ok := c.ColorModel.(color.Palette); ok {
		per = 2
	}
	if o.MaxMemory > 0 && pixels*per > o.MaxMemory*3/4 {
		return fmt.Errorf("%d pixels take more memory than there is", pixels)
	}
	return nil
}

// placement is what part of a picture goes into how many pixels.
type placement struct {
	from image.Rectangle
	w, h int
}

// plan places a picture of w by h pixels in the frame of an order. Nothing is
// ever made larger than it is.
func plan(w, h int, o Order) placement {
	all := image.Rect(0, 0, w, h)
	sw, sh := float64(o.W)/float64(w), float64(o.H)/float64(h)
	switch o.Mode {
	case Crop:
		cw, ch := w, h
		if sw > sh {
			ch = clamp(float64(w)*float64(o.H)/float64(o.W), h)
		} else {
			cw = clamp(float64(h)*float64(o.W)/float64(o.H), w)
		}
		x, y := (w-cw)/2, (h-ch)/2
		return placement{image.Rect(x, y, x+cw, y+ch), min(o.W, cw), min(o.H, ch)}
	case Cover:
		s := min(max(sw, sh), 1)
		return placement{all, clamp(float64(w)*s, w), clamp(float64(h)*s, h)}
	}
	s := min(sw, sh, 1)
	return placement{all, clamp(float64(w)*s, w), clamp(float64(h)*s, h)}
}

// clamp rounds to a number of pixels.
func clamp(f float64, most int) int { return min(max(int(f+0.5), 1), most) }

// smallPNG is up to how many bytes a picture without losses is kept so.
const smallPNG = 48 << 10

// encode writes a picture: photos as JPEG; what has transparent parts, and what
// came without losses and is small so, as PNG.
func encode(img *image.RGBA, o Order, full bool, format string) (Made, []byte, error) {
	b := img.Bounds()
	made := Made{Type: "image/png", W: b.Dx(), H: b.Dy(), Full: full}
	opaque, lossless := img.Opaque(), format != "jpeg" && format != "webp"
	var buf bytes.Buffer
	if !opaque || lossless {
		if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&buf, img); err != nil {
			return made, nil, err
		}
		if !opaque || buf.Len() <= smallPNG {
			return made, buf.Bytes(), nil
		}
		buf.Reset()
	}
	made.Type = "image/jpeg"
	q := o.Quality
	if q <= 0 {
		q = 80
	}
	err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: q})
	return made, buf.Bytes(), err
}
