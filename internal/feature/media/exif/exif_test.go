package exif

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// field is a tag of an IFD with its value as TIFF writes it.
type field struct {
	tag, kind uint16
	count     uint32
	data      []byte
}

func text(tag uint16, s string) field {
	return field{tag, 2, uint32(len(s) + 1), append([]byte(s), 0)}
}

func short(tag, v uint16) field {
	return field{tag, 3, 1, binary.BigEndian.AppendUint16(nil, v)}
}

func ratios(tag uint16, vs ...uint32) field {
	var b []byte
	for _, v := range vs {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return field{tag, 5, uint32(len(vs) / 2), b}
}

// ifd writes an IFD that lies at an offset.
func ifd(at int, fs []field) []byte {
	out := binary.BigEndian.AppendUint16(nil, uint16(len(fs)))
	after := at + 2 + 12*len(fs) + 4
	var tail []byte
	for _, f := range fs {
		out = binary.BigEndian.AppendUint16(out, f.tag)
		out = binary.BigEndian.AppendUint16(out, f.kind)
		out = binary.BigEndian.AppendUint32(out, f.count)
		if len(f.data) <= 4 {
			out = append(out, append(f.data, make([]byte, 4-len(f.data))...)...)
			continue
		}
		out = binary.BigEndian.AppendUint32(out, uint32(after+len(tail)))
		tail = append(tail, f.data...)
	}
	return append(append(out, 0, 0, 0, 0), tail...)
}

// block is an EXIF block with three IFDs.
func block(zero, exif, gps []field) []byte {
	pointer := func(tag uint16, to int) field {
		return field{tag, 4, 1, binary.BigEndian.AppendUint32(nil, uint32(to))}
	}
	size := len(ifd(8, append(zero, pointer(0x8769, 0), pointer(0x8825, 0))))
	exifAt := 8 + size
	gpsAt := exifAt + len(ifd(exifAt, exif))
	out := append([]byte("MM\x00*\x00\x00\x00\x08"), ifd(8, append(zero, pointer(0x8769, exifAt), pointer(0x8825, gpsAt)))...)
	return append(append(out, ifd(exifAt, exif)...), ifd(gpsAt, gps)...)
}

// photo is a JPEG with an EXIF block.
func photo(t testing.TB, w, h int, exif []byte) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	exif = append([]byte("Exif\x00\x00"), exif...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))...)
	return append(append(out, exif...), b.Bytes()[2:]...)
}

func sample() []byte {
	return block(
		[]field{text(0x010f, "Camera & Co"), short(0x0112, 6)},
		[]field{ratios(0x829a, 1, 200), text(0x9003, "2019:07:14 18:30:05")},
		[]field{text(1, "S"), ratios(2, 33, 1, 51, 1, 30, 1), text(3, "E"), ratios(4, 151, 1, 12, 1, 0, 1), {5, 1, 1, []byte{0}}, ratios(6, 125, 2)})
}

func TestWhatAPhotoTells(t *testing.T) {
	alt := 62.5
	want := About{W: 40, H: 80, Taken: 1563129005, Place: &Place{Latitude: -(33 + 51.0/60 + 30.0/3600), Longitude: 151.2, Altitude: &alt},
		Exif: map[string]string{"ExposureTime": "1/200", "DateTimeOriginal": "2019:07:14 18:30:05"}, IFD0: map[string]string{"Make": "Camera & Co", "Orientation": "6"}}
	got, err := Read(bytes.NewReader(photo(t, 80, 40, sample())), "image/jpeg")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatTellsLittle(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 48))); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(bytes.NewReader(b.Bytes()), "image/png"); err != nil || got.W != 64 || got.H != 48 || got.Taken != 0 || got.Place != nil {
		t.Errorf("a PNG: %+v, %v", got, err)
	}
	for name, exif := range map[string][]byte{
		"no date":       block(nil, []field{text(0x9003, "0000:00:00 00:00:00")}, nil),
		"no place":      block(nil, nil, []field{text(1, "N"), ratios(2, 0, 1, 0, 1, 0, 1), text(3, "E"), ratios(4, 0, 1, 0, 1, 0, 1)}),
		"nowhere":       block(nil, nil, []field{text(1, "N"), ratios(2, 999, 1, 0, 1, 0, 1), text(3, "E"), ratios(4, 1, 0, 1, 0, 1, 0)}),
		"cut off":       sample()[:40],
		"out of itself": append([]byte("MM\x00*"), 0xff, 0xff, 0xff, 0xff),
		"a long value":  block([]field{text(0x010f, strings.Repeat("x", 5000))}, nil, nil),
	} {
		got, err := Read(bytes.NewReader(photo(t, 30, 20, exif)), "image/jpeg")
		if err != nil || got.W != 30 || got.H != 20 || got.Taken != 0 || got.Place != nil || got.IFD0["Make"] != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, bad := range []string{"", "\xff\xd8\xff", "no picture at all"} {
		if got, err := Read(strings.NewReader(bad), "image/jpeg"); err == nil {
			t.Errorf("%q tells %+v", bad, got)
		}
	}
	if _, err := Read(strings.NewReader("x"), "text/plain"); err == nil || Reads("text/plain") || !Reads("image/heic") {
		t.Error("a text is no picture")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(photo(f, 4, 4, sample()), uint8(0))
	f.Add([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), uint8(4))
	types := []string{"image/jpeg", "image/png", "image/tiff", "image/webp", "image/heic", "image/avif", "image/gif", "image/bmp"}
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		a, err := Read(bytes.NewReader(data), types[int(kind)%len(types)])
		if err == nil && (a.W < 0 || a.H < 0 || a.Place != nil && (a.Place.Latitude > 90 || a.Place.Latitude < -90)) {
			t.Errorf("%+v", a)
		}
	})
}
