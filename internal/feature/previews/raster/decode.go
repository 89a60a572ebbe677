package raster

import (
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// format is a way to write a picture down. They are named here, and not left to
// package image, so that it can be seen which there are.
type format struct {
	name   string
	magic  string // its first bytes; "?" stands for any
	header func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// formats are those that are read in Go. Of a GIF the first frame is shown.
var formats = []format{
	{"jpeg", "\xff\xd8", jpeg.DecodeConfig, jpeg.Decode},
	{"png", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"gif", "GIF8?a", gif.DecodeConfig, gif.Decode},
	{"webp", "RIFF????WEBP", webp.DecodeConfig, webp.Decode},
	{"bmp", "BM", bmp.DecodeConfig, bmp.Decode},
	{"tiff", "II*\x00", tiff.DecodeConfig, tiff.Decode},
	{"tiff", "MM\x00*", tiff.DecodeConfig, tiff.Decode},
}

var errFormat = errors.New("no picture of a known format")

// decode reads a picture if its header passes the check.
func decode(in io.ReadSeeker, check func(image.Config) error) (image.Image, string, error) {
	head := make([]byte, 12)
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, "", err
	}
	n, _ := io.ReadFull(in, head)
	for _, f := range formats {
		if !f.begins(head[:n]) {
			continue
		}
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			return nil, "", err
		}
		c, err := f.header(in)
		if err == nil {
			err = check(c)
		}
		if err != nil {
			return nil, "", err
		}
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			return nil, "", err
		}
		img, err := f.decode(in)
		if err != nil {
			return nil, "", err
		}
		return onCanvas(img, c), f.name, nil
	}
	return nil, "", errFormat
}

func (f *format) begins(head []byte) bool {
	if len(head) < len(f.magic) {
		return false
	}
	for i := range f.magic {
		if f.magic[i] != '?' && f.magic[i] != head[i] {
			return false
		}
	}
	return true
}

// onCanvas puts a first frame that is smaller than its picture into its place.
func onCanvas(src image.Image, c image.Config) image.Image {
	b := src.Bounds()
	if b.Dx() == c.Width && b.Dy() == c.Height || b.Dx() > c.Width || b.Dy() > c.Height {
		return src
	}
	out := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	paste(out, src)
	return out
}
