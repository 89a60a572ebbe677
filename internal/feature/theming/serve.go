package theming

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/proto/web"
)

// kept says how long browsers may keep an answer: for good under the address of
// this version, which the next change leaves.
func kept(r *http.Request, l look) string {
	if l.version != "" && r.URL.Query().Get("v") == l.version {
		return "public, max-age=31536000, immutable"
	}
	return "private, max-age=86400, must-revalidate" // 30-core/226
}

func send(w http.ResponseWriter, r *http.Request, kind, cache string, b []byte) error {
	sum := sha256.Sum256(b)
	h := w.Header()
	h.Set("Etag", `"`+hex.EncodeToString(sum[:16])+`"`)
	h.Set("Cache-Control", cache)
	if r.Header.Get("If-None-Match") == h.Get("Etag") {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, err := w.Write(b)
	return err
}

// mark is our mark in the colour that was chosen.
func (rm *Room) mark(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.given(r.Context())
	if err != nil {
		return err
	}
	return send(w, r, "image/svg+xml", kept(r, l), l.mark())
}

func (l look) mark() []byte {
	if l.colour == shade(ourColour) {
		return web.Icon()
	}
	s := l.colour.lightShades(lightPapers, readable)
	return bytes.ReplaceAll(web.Icon(), []byte(ourColour), []byte(s.accent.String()))
}

// favicon is the picture in the tab of a browser.
func (rm *Room) favicon(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.given(r.Context())
	if err != nil {
		return err
	}
	if l.kinds["favicon"] != "" {
		return rm.show(w, r, l, "favicon")
	}
	return send(w, r, "image/svg+xml", kept(r, l), l.mark())
}

// touchSide is the side of the picture for home screens, which takes no SVG.
const touchSide = 512

func (rm *Room) touchIcon(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.given(r.Context())
	if err != nil {
		return err
	}
	back := l.colour.paint()
	ink := l.colour.ink().paint()
	b, err := rm.Mark(l.name, [3]uint8{back.R, back.G, back.B}, [3]uint8{ink.R, ink.G, ink.B}, touchSide)
	if err != nil {
		return err
	}
	return send(w, r, "image/png", kept(r, l), b)
}

// image is a picture that an administrator chose.
func (rm *Room) image(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.given(r.Context())
	if err != nil {
		return err
	}
	return rm.show(w, r, l, web.Param(r, "key"))
}

func (rm *Room) show(w http.ResponseWriter, r *http.Request, l look, key string) error {
	if !slices.Contains(pictures, key) || l.kinds[key] == "" {
		return fault.New(fault.NotFound, "There is no such picture.")
	}
	p, err := rm.load(r.Context(), key)
	if err != nil {
		return err
	}
	// Whoever opens it by itself gets a picture and nothing that runs.
	w.Header().Set("Content-Security-Policy", "default-src 'none';style-src 'unsafe-inline';base-uri 'none';frame-ancestors 'none';sandbox")
	return send(w, r, p.kind, kept(r, l), p.bytes)
}

// manifest lets phones put us on the home screen (30-core/230).
func (rm *Room) manifest(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.given(r.Context())
	if err != nil {
		return err
	}
	type icon struct {
		Src   string `json:"src"`
		Type  string `json:"type"`
		Sizes string `json:"sizes"`
	}
	favicon := icon{"/apps/theming/favicon", "image/svg+xml", "16x16"}
	if kind := l.kinds["favicon"]; kind != "" {
		favicon.Type = kind
	}
	w.Header().Set("Cache-Control", "private, max-age=3600, must-revalidate")
	web.WriteJSON(w, http.StatusOK, struct {
		Name        string   `json:"name"`
		ShortName   string   `json:"short_name"`
		StartURL    string   `json:"start_url"`
		ThemeColor  string   `json:"theme_color"`
		Background  string   `json:"background_color"`
		Description string   `json:"description"`
		Icons       []icon   `json:"icons"`
		Display     string   `json:"display"`
		Override    []string `json:"display_override"`
	}{l.name, l.name, web.VisitOf(r.Context()).Base(), l.colour.String(), l.colour.String(), l.slogan,
		[]icon{{"/apps/theming/icon", "image/png", "512x512"}, favicon}, "standalone", []string{"minimal-ui"}})
	return nil
}

// sheet is a style sheet: atrium.css for our own pages, and by the names of
// Nextcloud's themes the colours under the names that its apps know.
func (rm *Room) sheet(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.given(r.Context())
	if err != nil {
		return err
	}
	name, ok := strings.CutSuffix(web.Param(r, "file"), ".css")
	var css string
	switch {
	case ok && name == "atrium":
		css = l.ours()
	case ok && slices.Contains([]string{"default", "light", "dark", "light-highcontrast", "dark-highcontrast"}, name):
		at := "[data-theme-" + name + "]"
		if r.URL.Query().Get("plain") == "1" {
			at = ":root"
		}
		css = at + theirs(l, name)
	default:
		return fault.New(fault.NotFound, "There is no such theme.")
	}
	return send(w, r, "text/css;charset=UTF-8", kept(r, l), []byte(css))
}

// ours are the tokens of our pages that hang on what was chosen.
func (l look) ours() string {
	var b strings.Builder
	tokens := func(at string, light, dark shades) {
		fmt.Fprintf(&b, "%s{--accent:light-dark(%s,%s);--accent-ink:light-dark(%s,%s);--accent-strong:light-dark(%s,%s);--chosen:light-dark(%s,%s)}\n",
			at, light.accent, dark.accent, light.ink, dark.ink, light.strong, dark.strong, light.chosen, dark.chosen)
	}
	if l.colour != shade(ourColour) {
		tokens(":root", l.colour.lightShades(lightPapers, readable), l.colour.darkShades(darkPapers, readable))
		tokens("[data-contrast=more]", l.colour.lightShades(brightPapers, clear), l.colour.darkShades(blackPapers, clear))
	}
	if l.plain != nil {
		fmt.Fprintf(&b, ":root{--backdrop-color:%s}\n", l.plain)
	}
	if p := l.picture("background"); p != "" {
		fmt.Fprintf(&b, ":root{--backdrop:url(%q)}\n", p)
	}
	return b.String()
}

// theirs are the colours by the names of Nextcloud's style sheets.
func theirs(l look, theme string) string {
	s, paper, ink := l.colour.lightShades(lightPapers, readable), white, lightInks[0]
	switch theme {
	case "light-highcontrast":
		s, ink = l.colour.lightShades(brightPapers, clear), black
	case "dark":
		s, paper, ink = l.colour.darkShades(darkPapers, readable), darkPapers[1], darkInks[0]
	case "dark-highcontrast":
		s, paper, ink = l.colour.darkShades(blackPapers, clear), black, white
	}
	return fmt.Sprintf("{--color-main-background:%s;--color-main-text:%s;--color-primary:%s;--color-primary-text:%s;"+
		"--color-primary-element:%s;--color-primary-element-text:%s;--color-primary-element-hover:%s;--color-primary-element-light:%s;--color-primary-element-light-text:%s}\n",
		paper, ink, l.colour, l.colour.ink(), s.accent, s.ink, s.strong, s.chosen, ink)
}
