package theming

import (
	"math/rand/v2"
	"testing"
)

// Whatever colour is chosen, what is written on it and with it can be read: 4.5
// to 1, and 7 to 1 for those who want more contrast (WCAG 2.2, 1.4.3 and 1.4.6).
func TestContrastIsKeptForEveryColour(t *testing.T) {
	some := []rgb{white, black, {255, 255, 0}, {0, 255, 0}, {0, 0, 255}, {255, 0, 0}, {128, 128, 128}, {119, 119, 119}, shade(ourColour)}
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		some = append(some, rgb{float64(r.IntN(256)), float64(r.IntN(256)), float64(r.IntN(256))})
	}
	for _, c := range some {
		if got := contrast(c, c.ink()); got < 4.5 {
			t.Errorf("%s: what is written on it has %.2f", c, got)
		}
		for name, theme := range map[string]struct {
			s      shades
			papers []rgb
			inks   []rgb
			least  float64
		}{
			"light": {c.lightShades(lightPapers, readable), lightPapers, lightInks, 4.5}, "dark": {c.darkShades(darkPapers, readable), darkPapers, darkInks, 4.5},
			"light, more": {c.lightShades(brightPapers, clear), brightPapers, lightInks, 7}, "dark, more": {c.darkShades(blackPapers, clear), blackPapers, darkInks, 7},
		} {
			for _, p := range theme.papers {
				if got := contrast(theme.s.accent, p); got < theme.least {
					t.Errorf("%s, %s: the accent %s on %s has %.2f", c, name, theme.s.accent, p, got)
				}
			}
			if a, b := contrast(theme.s.ink, theme.s.accent), contrast(theme.s.ink, theme.s.strong); a < theme.least || b < 4.5 {
				t.Errorf("%s, %s: what is written on the accent has %.2f and %.2f", c, name, a, b)
			}
			for _, ink := range append(theme.inks, theme.s.accent) {
				if got := contrast(ink, theme.s.chosen); got < 4.5 {
					t.Errorf("%s, %s: %s on what is chosen, %s, has %.2f", c, name, ink, theme.s.chosen, got)
				}
			}
		}
	}
}

func TestAColourThatReadsWellStaysAsItIs(t *testing.T) {
	for _, c := range []string{"#1f5fae", "#7a1fa2", "#8a1c1c", "#0b5d3b"} {
		if got := shade(c).lightShades(lightPapers, readable).accent.String(); got != c {
			t.Errorf("%s became %s", c, got)
		}
	}
}

func TestColoursAsTheyAreWritten(t *testing.T) {
	for s, want := range map[string]string{"#1f5fae": "#1f5fae", "#FC0": "#ffcc00", "#12": "", "1f5fae": "", "#1f5fag": "", "#+12345": "", "": ""} {
		c, ok := parseColour(s)
		if ok != (want != "") || ok && c.String() != want {
			t.Errorf("%q is %s, %v", s, c, ok)
		}
	}
}
