package raster

import (
	"image"
	"io"

	"github.com/bep/imagemeta"
)

// turn is how a camera was held, the orientation of EXIF (CIPA DC-008, 4.6.4 A):
// 1 is upright, 2 to 8 are to be mirrored or turned.
type turn int

const upright turn = 1

// orientation reads how a picture is to be turned. What cannot be read is upright.
func orientation(in io.ReadSeeker) turn {
	format := formatOf(in)
	if format == imagemeta.ImageFormatAuto {
		return upright
	}
	t := upright
	_, err := imagemeta.Decode(imagemeta.Options{
		R: in, ImageFormat: format, Sources: imagemeta.EXIF, LimitNumTags: 2000,
		ShouldHandleTag: func(ti imagemeta.TagInfo) bool { return ti.Tag == "Orientation" && ti.Namespace == "IFD0" },
		HandleTag: func(ti imagemeta.TagInfo) error {
			if n, ok := ti.Value.(uint16); ok && n >= 1 && n <= 8 {
				t = turn(n)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return t // half of what is there is no reason to show nothing
	}
	return t
}

// formatOf tells a picture's format by its first bytes, as far as it can hold an
// orientation.
func formatOf(in io.ReadSeeker) imagemeta.ImageFormat {
	var b [12]byte
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return imagemeta.ImageFormatAuto
	}
	n, _ := io.ReadFull(in, b[:])
	if _, err := in.Seek(0, io.SeekStart); err != nil || n < len(b) {
		return imagemeta.ImageFormatAuto
	}
	switch s := string(b[:]); {
	case s[:2] == "\xff\xd8":
		return imagemeta.JPEG
	case s[:4] == "\x89PNG":
		return imagemeta.PNG
	case s[:4] == "II*\x00" || s[:4] == "MM\x00*":
		return imagemeta.TIFF
	case s[:4] == "RIFF" && s[8:] == "WEBP":
		return imagemeta.WebP
	}
	return imagemeta.ImageFormatAuto
}

// across tells whether width and height change places.
func (t turn) across() bool { return t >= 5 }

// size is that of a picture of w by h after the turn.
func (t turn) size(w, h int) (int, int) {
	if t.across() {
		return h, w
	}
	return w, h
}

// back is the part of a picture of w by h pixels that is at r after the turn.
func (t turn) back(r image.Rectangle, w, h int) image.Rectangle {
	x1, y1 := t.source(r.Min.X, r.Min.Y, w, h)
	x2, y2 := t.source(r.Max.X-1, r.Max.Y-1, w, h)
	return image.Rect(min(x1, x2), min(y1, y2), max(x1, x2)+1, max(y1, y2)+1)
}

// source is where the pixel at x, y after the turn was in a picture of w by h.
func (t turn) source(x, y, w, h int) (int, int) {
	switch t {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	case 8:
		return w - 1 - y, x
	}
	return x, y
}

// apply turns a picture.
func (t turn) apply(src *image.RGBA) *image.RGBA {
	if t == upright {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	ow, oh := t.size(w, h)
	out := image.NewRGBA(image.Rect(0, 0, ow, oh))
	for y := range oh {
		for x := range ow {
			sx, sy := t.source(x, y, w, h)
			copy(out.Pix[out.PixOffset(x, y):][:4], src.Pix[src.PixOffset(sx, sy):][:4])
		}
	}
	return out
}
