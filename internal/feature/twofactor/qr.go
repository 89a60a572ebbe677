package twofactor

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the width of the empty frame around a QR code, in modules (ISO 18004).
const quiet = 4

// picture draws a text as QR code: an SVG of black squares on white, whatever the
// colours of the page, since cameras read those best.
func picture(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("QR code: %w", err)
	}
	size := code.Bounds().Dx()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%[1]dv%[1]dH0z"/><path d="`, size+2*quiet)
	for y := range size {
		for x := 0; x < size; {
			from := x
			for x < size && dark(code.At(x, y).RGBA()) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
				continue
			}
			x++
		}
	}
	b.WriteString(`"/></svg>`)
	return []byte(b.String()), nil
}

func dark(r, _, _, _ uint32) bool { return r < 0x8000 }

// dataURL is a picture as an address that holds it; "" for none.
func dataURL(svg []byte) string {
	if len(svg) == 0 {
		return ""
	}
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)
}
