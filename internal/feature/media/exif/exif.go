// Package exif reads what a picture tells of itself: its size, when and where it
// was taken, and how. It runs in the worker of a cage, and may panic or never end.
package exif

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bep/imagemeta"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// About is what a picture tells of itself.
type About struct {
	W     int               `json:"w,omitempty"` // pixels, upright; 0 if not known
	H     int               `json:"h,omitempty"`
	Taken int64             `json:"taken,omitempty"` // Unix seconds; without a zone as if it were UTC; 0 if not known
	Place *Place            `json:"place,omitempty"`
	Exif  map[string]string `json:"exif,omitempty"` // how it was taken: tags of the Exif IFD, by name
	IFD0  map[string]string `json:"ifd0,omitempty"` // with what: tags of the first IFD
}

// Place is where a picture was taken (WGS 84).
type Place struct {
	Latitude  float64  `json:"latitude"`  // degrees, north is positive
	Longitude float64  `json:"longitude"` // degrees, east is positive
	Altitude  *float64 `json:"altitude,omitempty"`
}

// Bounds of what is told.
const (
	maxTags  = 60  // of each IFD
	maxValue = 200 // bytes
)

// Work reads a picture and writes its About as JSON. order is its media type. It is
// a cage.Worker.
func Work(in *os.File, order string, out io.Writer) error {
	a, err := Read(in, order)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(a)
}

// format is how a media type is read.
type format struct {
	meta   imagemeta.ImageFormat
	header func(io.Reader) (image.Config, error)
}

var formats = map[string]format{
	"image/jpeg": {imagemeta.JPEG, jpeg.DecodeConfig}, "image/png": {imagemeta.PNG, png.DecodeConfig}, "image/webp": {imagemeta.WebP, webp.DecodeConfig},
	"image/tiff": {imagemeta.TIFF, tiff.DecodeConfig}, "image/gif": {0, gif.DecodeConfig}, "image/bmp": {0, bmp.DecodeConfig},
	"image/heic": {imagemeta.HEIF, nil}, "image/heif": {imagemeta.HEIF, nil}, "image/avif": {imagemeta.AVIF, nil},
}

// Reads tells whether pictures of a media type can be read.
func Reads(mime string) bool {
	_, ok := formats[mime]
	return ok
}

// Read reads what a picture of a media type tells. What is broken is left out; it
// is an error if nothing can be read.
func Read(in io.ReadSeeker, mime string) (About, error) {
	f, ok := formats[mime]
	if !ok {
		return About{}, fmt.Errorf("%s is not read", mime)
	}
	var a About
	var err error
	if f.header != nil {
		if a.W, a.H, err = size(in, f); err != nil {
			return About{}, err
		}
	}
	if f.meta != imagemeta.ImageFormatAuto {
		a.describe(in, f)
	}
	if a.W <= 0 || a.H <= 0 {
		a.W, a.H = 0, 0
		if a.Taken == 0 && a.Place == nil && len(a.Exif)+len(a.IFD0) == 0 {
			return About{}, errors.New("it tells nothing")
		}
	}
	return a, nil
}

func size(in io.ReadSeeker, f format) (w, h int, err error) {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return 0, 0, err
	}
	c, err := f.header(in)
	return c.Width, c.Height, err
}

// describe reads the tags.
func (a *About) describe(in io.ReadSeeker, f format) {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return
	}
	var tags imagemeta.Tags
	a.Exif, a.IFD0 = map[string]string{}, map[string]string{}
	across := false
	res, err := imagemeta.Decode(imagemeta.Options{
		R: in, ImageFormat: f.meta, Sources: imagemeta.EXIF | imagemeta.CONFIG, LimitNumTags: 2000, LimitTagSize: 1000,
		ShouldHandleTag: func(ti imagemeta.TagInfo) bool { return strings.HasPrefix(ti.Namespace, "IFD0") },
		HandleTag: func(ti imagemeta.TagInfo) error {
			if !tags.Has(ti) {
				tags.Add(ti)
				a.note(ti)
			}
			if n, ok := ti.Value.(uint16); ok && ti.Tag == "Orientation" && ti.Namespace == "IFD0" {
				across = n >= 5 && n <= 8
			}
			return nil
		},
	})
	if a.W == 0 && err == nil {
		a.W, a.H = res.ImageConfig.Width, res.ImageConfig.Height
	}
	if across {
		a.W, a.H = a.H, a.W
	}
	a.Taken = taken(tags)
	a.Place = place(tags)
}

// note keeps a tag that people may want to see.
func (a *About) note(ti imagemeta.TagInfo) {
	into := a.IFD0
	switch ti.Namespace {
	case "IFD0":
	case "IFD0/ExifIFDP":
		into = a.Exif
	default:
		return
	}
	if len(into) >= maxTags || !tagName.MatchString(ti.Tag) || strings.HasPrefix(ti.Tag, imagemeta.UnknownPrefix) {
		return
	}
	if v, ok := plain(ti.Value); ok {
		into[ti.Tag] = v
	}
}

// tagName is what can be the name of an element.
var tagName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,63}$`)

// plain writes a value as text; none for what is long or no text.
func plain(v any) (string, bool) {
	switch v.(type) {
	case []byte:
		return "", false
	}
	s := strings.TrimSpace(strings.TrimRight(fmt.Sprint(v), "\x00"))
	if s == "" || len(s) > maxValue || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", false
	}
	return s, true
}

// taken is when the picture was taken, else when the camera wrote it. Cameras tell
// their local time, and rarely a zone.
func taken(tags imagemeta.Tags) int64 {
	for _, name := range []string{"DateTimeOriginal", "DateTimeDigitized", "CreateDate", "DateTime", "ModifyDate"} {
		ti, ok := tags.EXIF()[name]
		if !ok {
			continue
		}
		s, _ := ti.Value.(string)
		if at, err := time.Parse("2006:01:02 15:04:05", strings.TrimRight(s, "\x00 ")); err == nil && at.Year() >= 1800 && at.Year() < 2200 && at.Unix() != 0 {
			return at.Unix()
		}
	}
	return 0
}

// place is where it was taken.
func place(tags imagemeta.Tags) *Place {
	if _, ok := tags.EXIF()["GPSLatitude"]; !ok {
		return nil
	}
	lat, long, err := tags.GetLatLong()
	bad := func(f, most float64) bool { return math.IsNaN(f) || math.Abs(f) > most }
	if err != nil || bad(lat, 90) || bad(long, 180) || lat == 0 && long == 0 {
		return nil
	}
	p := &Place{Latitude: lat, Longitude: long}
	if ti, ok := tags.EXIF()["GPSAltitude"]; ok {
		if alt, ok := number(ti.Value); ok && !bad(alt, 100_000) {
			if ref, ok := tags.EXIF()["GPSAltitudeRef"]; ok && fmt.Sprint(ref.Value) == "1" { // below the sea
				alt = -alt
			}
			p.Altitude = &alt
		}
	}
	return p
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case interface{ Float64() float64 }:
		return v.Float64(), true
	}
	return 0, false
}
