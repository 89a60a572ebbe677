package theming

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
)

// rgb is a colour of sRGB, from 0 to 255 each.
type rgb [3]float64

var (
	white = rgb{255, 255, 255}
	black = rgb{}
)

// The papers of our pages on which the accent stands as text, by theme; those of
// base.css and page.css.
var (
	lightPapers  = []rgb{shade("#ffffff"), shade("#f3f5f8"), shade("#eef1f6"), shade("#e8ecf1")}
	darkPapers   = []rgb{shade("#12161c"), shade("#1c222b"), shade("#252c37"), shade("#282f3a")}
	brightPapers = []rgb{white, shade("#e2e6ec"), shade("#dde5f0")} // with more contrast
	blackPapers  = []rgb{black, shade("#23272e"), shade("#1f2a3a")}
	lightInks    = []rgb{shade("#1b2430"), shade("#566173")} // what else is written on what is chosen
	darkInks     = []rgb{shade("#e8edf4"), shade("#a2adbd")}
)

// readable is the contrast that WCAG 2.2 asks of text (1.4.3), and clear what it
// asks where people want more (1.4.6); both with a little to spare for rounding.
const (
	readable = 4.6
	clear    = 7.1
)

// shade reads a colour that is written in this package; one that is none is a
// mistake in the program, found at start.
func shade(s string) rgb {
	c, ok := parseColour(s)
	if !ok {
		panic("no colour: " + s)
	}
	return c
}

// parseColour reads "#1f5fae" or "#15a".
func parseColour(s string) (c rgb, ok bool) {
	if len(s) == 4 {
		s = string([]byte{s[0], s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	if len(s) != 7 || s[0] != '#' {
		return c, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return c, false
	}
	return rgb{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, true
}

func (c rgb) String() string {
	return fmt.Sprintf("#%02x%02x%02x", uint8(math.Round(c[0])), uint8(math.Round(c[1])), uint8(math.Round(c[2])))
}

func (c rgb) paint() color.NRGBA {
	return color.NRGBA{uint8(math.Round(c[0])), uint8(math.Round(c[1])), uint8(math.Round(c[2])), 255}
}

// mix is c with a part of other in it, rounded as it is written.
func (c rgb) mix(other rgb, part float64) (out rgb) {
	for i := range c {
		out[i] = math.Round(c[i] + (other[i]-c[i])*part)
	}
	return out
}

// luminance is the relative luminance of WCAG 2.2, from 0 to 1.
func (c rgb) luminance() float64 {
	var l [3]float64
	for i, v := range c {
		if v /= 255; v <= 0.04045 {
			l[i] = v / 12.92
		} else {
			l[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func (c rgb) readsOn(papers []rgb, least float64) bool {
	for _, p := range papers {
		if contrast(c, p) < least {
			return false
		}
	}
	return true
}

// steps are how finely colours are tried.
const steps = 64

// on is c, mixed with no more of towards than it takes to be read on all papers.
func (c rgb) on(papers []rgb, least float64, towards rgb) rgb {
	for i := range steps {
		if m := c.mix(towards, float64(i)/steps); m.readsOn(papers, least) {
			return m
		}
	}
	return towards
}

// ink is what is written on c: white or black, whichever is read better, which
// has a contrast of at least 4.58 on any colour.
func (c rgb) ink() rgb {
	if contrast(c, white) >= contrast(c, black) {
		return white
	}
	return black
}

// shades are the tokens of one theme.
type shades struct{ accent, ink, strong, chosen rgb }

// lightShades and darkShades are what an accent colour makes of the tokens.
func (c rgb) lightShades(papers []rgb, least float64) shades {
	s := shades{accent: c.on(papers, least, black), ink: white}
	s.strong = s.accent.mix(black, 0.22)
	if s.accent.luminance() < 0.02 { // darker would not be seen
		s.strong = s.accent.mix(white, 0.2)
	}
	s.chosen = s.behind(white, lightInks, 0.14)
	return s
}

func (c rgb) darkShades(papers []rgb, least float64) shades {
	s := shades{accent: c.on(papers, least, white), ink: shade("#0b0f14")}
	s.strong = s.accent.mix(white, 0.35)
	s.chosen = s.behind(papers[1], darkInks, 0.3)
	return s
}

// behind is the paper of what is chosen: tinted as far as all that is written on
// it can still be read.
func (s shades) behind(paper rgb, inks []rgb, most float64) rgb {
	for i := range steps {
		m := paper.mix(s.accent, most*(1-float64(i)/steps))
		if m.readsOn(append([]rgb{s.accent}, inks...), 4.5) {
			return m
		}
	}
	return paper
}
