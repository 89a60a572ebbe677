package raster

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// quarters is a picture whose quarters are red, green, blue and white.
func quarters(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, [4]color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}[x*2/w+y*2/h*2])
		}
	}
	return img
}

func encodeJPEG(t testing.TB, img image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodePNG(t testing.TB, img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// oriented puts an EXIF block with an orientation into a JPEG.
func oriented(jpg []byte, n int) []byte {
	exif := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), byte(n), 0, 0, 0, 0, 0, 0)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))...)
	return append(append(out, exif...), jpg[2:]...)
}

func make1(t testing.TB, data []byte, o Order) (Made, image.Image) {
	t.Helper()
	if o.Kind == "" {
		o.Kind = Picture
	}
	made, out, err := Make(bytes.NewReader(data), o)
	if err != nil {
		t.Fatal(err)
	}
	img, format, err := image.Decode(bytes.NewReader(out))
	if err != nil || "image/"+format != made.Type || img.Bounds().Dx() != made.W || img.Bounds().Dy() != made.H {
		t.Fatalf("made %+v, is %s %v: %v", made, format, img.Bounds(), err)
	}
	return made, img
}

// named tells the colour near a corner: r, g, b or w.
func named(img image.Image, x, y int) string {
	r, g, b, _ := img.At(x, y).RGBA()
	switch {
	case r > 0xa000 && g > 0xa000 && b > 0xa000:
		return "w"
	case r > g && r > b:
		return "r"
	case g > b:
		return "g"
	}
	return "b"
}

func corners(img image.Image) string {
	b := img.Bounds()
	x, y := b.Dx()/4, b.Dy()/4
	return named(img, x, y) + named(img, b.Dx()-1-x, y) + named(img, x, b.Dy()-1-y) + named(img, b.Dx()-1-x, b.Dy()-1-y)
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		w, h int
		mode string
		x, y int
		want string
	}{
		{64, 48, Crop, 64, 64, "48x48"}, // 30-core/269
		{64, 48, Fit, 1024, 1024, "64x48 full"},
		{4000, 3000, Fit, 256, 256, "256x192"},
		{4000, 3000, Cover, 256, 256, "341x256"},
		{3000, 4000, Fit, 256, 256, "192x256"},
		{4000, 3000, Crop, 256, 256, "256x256"},
		{4000, 3000, Crop, 512, 256, "512x256"},
		{1000, 10, Crop, 256, 256, "10x10"},
		{10000, 1, Fit, 64, 64, "64x1"},
		{1, 1, Crop, 4096, 64, "1x1 full"},
		{64, 64, Crop, 64, 64, "64x64 full"},
	} {
		p := plan(c.w, c.h, Order{Mode: c.mode, W: c.x, H: c.y})
		got := fmt.Sprintf("%dx%d", p.w, p.h)
		if p.w == c.w && p.h == c.h {
			got += " full"
		}
		if got != c.want || !p.from.In(image.Rect(0, 0, c.w, c.h)) || p.from.Empty() {
			t.Errorf("%dx%d %s %dx%d: %s from %v, want %s", c.w, c.h, c.mode, c.x, c.y, got, p.from, c.want)
		}
	}
}

func TestOrientation(t *testing.T) {
	jpg := encodeJPEG(t, quarters(160, 80))
	for n, want := range map[int]string{1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb"} {
		for _, size := range []int{20, 160} {
			made, img := make1(t, oriented(jpg, n), Order{Mode: Fit, W: size, H: size})
			if corners(img) != want || (made.W < made.H) != (n >= 5) || made.Full != (size == 160) {
				t.Errorf("orientation %d at %d: %s in %+v, want %s", n, size, corners(img), made, want)
			}
		}
	}
	_, img := make1(t, oriented(encodeJPEG(t, quarters(160, 80)), 6), Order{Mode: Crop, W: 32, H: 64}) // the whole, upright
	if corners(img) != "brwg" {
		t.Errorf("cropped: %s", corners(img))
	}
}

func TestFormats(t *testing.T) {
	src := quarters(90, 70)
	pal := image.NewPaletted(src.Rect, color.Palette{color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.White})
	gray16 := image.NewNRGBA64(src.Rect)
	for y := range 70 {
		for x := range 90 {
			pal.Set(x, y, src.At(x, y))
			gray16.Set(x, y, src.At(x, y))
		}
	}
	var g, b, tf bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 90, 70), pal.Palette)
	if err := gif.EncodeAll(&g, &gif.GIF{Image: []*image.Paletted{pal, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := bmp.Encode(&b, src); err != nil {
		t.Fatal(err)
	}
	if err := tiff.Encode(&tf, src, &tiff.Options{Compression: tiff.Deflate}); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"jpeg": encodeJPEG(t, src), "png": encodePNG(t, src), "png 16 bit": encodePNG(t, gray16), "gif": g.Bytes(), "bmp": b.Bytes(), "tiff": tf.Bytes()} {
		for _, o := range []Order{{Mode: Fit, W: 30, H: 30}, {Mode: Crop, W: 16, H: 16}, {Mode: Cover, W: 64, H: 64}} {
			if _, img := make1(t, data, o); corners(img) != "rgbw" {
				t.Errorf("%s %+v: %s", name, o, corners(img))
			}
		}
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	if made, img := make1(t, encodePNG(t, clear), Order{Mode: Fit, W: 32, H: 32}); made.Type != "image/png" {
		t.Errorf("transparent: %+v", made)
	} else if _, _, _, a := img.At(1, 1).RGBA(); a != 0 {
		t.Errorf("lost its transparency: %d", a)
	}
}

// Averaging JPEG's planes gives what averaging its pixels gives.
func TestPlanesAreAveragedLikePixels(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410} {
		src := image.NewYCbCr(image.Rect(0, 0, 97, 61), ratio)
		for i := range src.Y {
			src.Y[i] = uint8(100 + i%97)
		}
		for i := range src.Cb {
			src.Cb[i], src.Cr[i] = uint8(120+i%20), uint8(130+i%9)
		}
		for _, k := range []int{2, 3, 4, 7} {
			part := image.Rect(5, 3, 5+11*k, 3+7*k)
			a, b := blocksYCbCr(src, part, k), blocks(src, part, k)
			for i := range a.Pix {
				if d := math.Abs(float64(a.Pix[i]) - float64(b.Pix[i])); d > 12 {
					t.Fatalf("%v by %d: byte %d is %d, want about %d", ratio, k, i, a.Pix[i], b.Pix[i])
				}
			}
		}
	}
}

// What would take too much is refused by its header.
func TestBombsAreRefusedByTheirHeaders(t *testing.T) {
	huge := encodePNG(t, image.NewGray(image.Rect(0, 0, 8, 8)))
	copy(huge[16:], binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 50_000), 50_000))
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	o := Order{Kind: Picture, Mode: Fit, W: 64, H: 64, MaxPixels: 100e6, MaxMemory: 256 << 20}
	if _, _, err := Make(bytes.NewReader(huge), o); err == nil || !strings.Contains(err.Error(), "pixels") {
		t.Errorf("50,000 by 50,000 pixels: %v", err)
	}
	o.MaxPixels = 5e9
	if _, _, err := Make(bytes.NewReader(huge), o); err == nil || !strings.Contains(err.Error(), "memory") {
		t.Errorf("more memory than there is: %v", err)
	}
	jpg := encodeJPEG(t, quarters(300, 200))
	for _, data := range [][]byte{nil, jpg[:len(jpg)/2], jpg[:20], []byte("GIF89a"), []byte("<svg/>")} {
		if _, _, err := Make(bytes.NewReader(data), o); err == nil {
			t.Errorf("%d bytes of a picture made one", len(data))
		}
	}
}

func TestTexts(t *testing.T) {
	dark := func(img image.Image) (n int) {
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
					n++
				}
			}
		}
		return n
	}
	o := Order{Kind: Text, Mode: Crop, W: 256, H: 256, Plain: true}
	_, short := make1(t, []byte("hello\n"), o)
	_, long := make1(t, []byte(strings.Repeat("hello world, a line that is longer than the page is wide\n", 50)), o)
	if a, b := dark(short), dark(long); a < 20 || b < 10*a {
		t.Errorf("dark pixels: %d of a word, %d of a page", a, b)
	}
	o.Plain = false
	_, head := make1(t, []byte("# hello\n\n- one\n* two\n```\ncode\n"), o)
	if a, b := dark(short), dark(head); b < 2*a {
		t.Errorf("a heading has %d dark pixels, the word alone %d", b, a)
	}
	make1(t, []byte("\xff\xfeh\x00i\x00"), o)
	make1(t, []byte("\xfe\xff\x00h\x00i"), o)
	for _, no := range []string{"", " \n\t", "a\x00b"} {
		if _, _, err := Make(strings.NewReader(no), o); err == nil {
			t.Errorf("%q was drawn", no)
		}
	}
}

func FuzzMake(f *testing.F) {
	jpg := encodeJPEG(f, quarters(40, 30))
	for _, seed := range [][]byte{jpg, oriented(jpg, 6), encodePNG(f, quarters(40, 30)), []byte("# text"), []byte("ID3\x03\x00\x00\x00\x00\x00\x00"), []byte("fLaC")} {
		f.Add(seed, uint8(0), uint8(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, kind, mode uint8) {
		o := Order{Kind: []string{Picture, Text, Audio}[kind%3], Mode: []string{Fit, Cover, Crop}[mode%3], W: 64, H: 48, MaxPixels: 1e6, MaxMemory: 16 << 20}
		made, out, err := Make(bytes.NewReader(data), o)
		if err == nil && (made.W <= 0 || made.H <= 0 || len(out) == 0) {
			t.Errorf("%+v, %d bytes", made, len(out))
		}
	})
}
