package theming

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"atrium/internal/base/fault"
)

// What is kept of an SVG: shapes, their colours and texts. Scripts, handlers of
// events, foreign markup, animations and addresses outside of the file are not.
var (
	svgElements = words("svg g path rect circle ellipse line polyline polygon defs linearGradient radialGradient stop clipPath mask symbol use title desc text tspan")
	svgAttrs    = words("id class transform d x y x1 y1 x2 y2 cx cy r rx ry fx fy dx dy width height viewBox preserveAspectRatio points offset " +
		"fill fill-rule fill-opacity stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset stroke-opacity " +
		"opacity color display visibility clip-path clip-rule mask maskUnits maskContentUnits clipPathUnits gradientUnits gradientTransform spreadMethod " +
		"stop-color stop-opacity font-family font-size font-weight font-style text-anchor letter-spacing style version overflow")
)

func words(s string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(s) {
		all[w] = true
	}
	return all
}

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xlinkSpace = "http://www.w3.org/1999/xlink"
)

// maxDepth and maxElements bound what a browser has to draw.
const (
	maxDepth    = 100
	maxElements = 20000
)

func looksLikeSVG(b []byte) bool {
	head := bytes.TrimLeft(bytes.TrimPrefix(b[:min(len(b), 1024)], []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("<")) && bytes.Contains(b, []byte("<svg"))
}

var errNoSVG = fault.New(fault.Invalid, "This SVG file cannot be read.")

// cleanSVG writes an SVG anew, with nothing in it but what can be drawn without
// harm. One that is not well formed, or too large, is fault.Invalid.
func cleanSVG(b []byte) ([]byte, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	var out bytes.Buffer
	depth, elements := 0, 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errNoSVG
		}
		switch t := t.(type) {
		case xml.StartElement:
			if elements++; elements > maxElements || depth >= maxDepth || depth == 0 && (elements > 1 || t.Name.Local != "svg") {
				return nil, errNoSVG
			}
			if t.Name.Space != svgSpace && t.Name.Space != "" || !svgElements[t.Name.Local] {
				if depth == 0 {
					return nil, errNoSVG
				}
				if d.Skip() != nil {
					return nil, errNoSVG
				}
				continue
			}
			openSVG(&out, t, depth == 0)
			depth++
		case xml.EndElement:
			depth--
			out.WriteString("</" + t.Name.Local + ">")
		case xml.CharData:
			if depth > 0 && xml.EscapeText(&out, t) != nil {
				return nil, errNoSVG
			}
		}
	}
	if elements == 0 || depth != 0 {
		return nil, errNoSVG
	}
	return out.Bytes(), nil
}

func openSVG(out *bytes.Buffer, t xml.StartElement, root bool) {
	out.WriteString("<" + t.Name.Local)
	if root {
		out.WriteString(` xmlns="` + svgSpace + `"`)
	}
	linked := false
	for _, a := range t.Attr {
		name := a.Name.Local
		switch {
		case name == "href" && (a.Name.Space == "" || a.Name.Space == xlinkSpace):
			if linked || !strings.HasPrefix(a.Value, "#") {
				continue
			}
			linked = true
		case a.Name.Space != "" || !svgAttrs[name] || !inside(a.Value):
			continue
		}
		out.WriteString(" " + name + `="`)
		_ = xml.EscapeText(out, []byte(a.Value)) // a buffer takes everything
		out.WriteString(`"`)
	}
	out.WriteString(">")
}

// inside tells whether a value leads to nothing outside of the file: url(#shade)
// does not, url(https://…), @import and what is written with escapes might.
func inside(value string) bool {
	v := strings.ToLower(value)
	if strings.ContainsAny(v, "\\@<") || strings.Contains(v, "expression") || strings.Contains(v, "javascript:") || strings.Contains(v, "/*") ||
		strings.Contains(v, "image(") || strings.Contains(v, "image-set(") || strings.Contains(v, "src(") {
		return false
	}
	for rest := v; ; {
		_, after, found := strings.Cut(rest, "url")
		if !found {
			return true
		}
		if !strings.HasPrefix(strings.TrimLeft(after, "( \t\r\n\"'"), "#") {
			return false
		}
		rest = after
	}
}
