package cloud

import (
	"net/http"
	"strconv"

	"atrium/internal/proto/web"
)

// icon serves our mark where clients look for a logo or favicon.
func (rm *Room) icon(w http.ResponseWriter, r *http.Request) error {
	return static(w, r, "image/svg+xml", web.Icon())
}

// touchIcon is a mark for home screens, which take no SVG.
func (rm *Room) touchIcon(w http.ResponseWriter, r *http.Request) error {
	b, err := rm.avatars.paint(rm.brand.Name, rm.brand.Name, largeSide, light)
	if err != nil {
		return err
	}
	return static(w, r, "image/png", b)
}

func static(w http.ResponseWriter, r *http.Request, kind string, b []byte) error {
	h := w.Header()
	h.Set("Etag", `"`+tagOf(b)+`"`)
	h.Set("Cache-Control", "private, max-age=86400, must-revalidate")
	if r.Header.Get("If-None-Match") == h.Get("Etag") {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, err := w.Write(b)
	return err
}

// manifest lets phones put us on the home screen (30-core/230).
func (rm *Room) manifest(w http.ResponseWriter, r *http.Request) error {
	type icon struct {
		Src   string `json:"src"`
		Type  string `json:"type"`
		Sizes string `json:"sizes"`
	}
	w.Header().Set("Cache-Control", "private, max-age=3600, must-revalidate")
	web.WriteJSON(w, http.StatusOK, struct {
		Name        string `json:"name"`
		ShortName   string `json:"short_name"`
		StartURL    string `json:"start_url"`
		ThemeColor  string `json:"theme_color"`
		Background  string `json:"background_color"`
		Description string `json:"description"`
		Icons       []icon `json:"icons"`
		Display     string `json:"display"`
	}{web.NameOf(r.Context()), web.NameOf(r.Context()), web.VisitOf(r.Context()).Base(), rm.brand.Color, rm.brand.Color, rm.brand.Slogan,
		[]icon{{"/apps/theming/icon", "image/png", "512x512"}, {"/apps/theming/favicon", "image/svg+xml", "16x16"}}, "standalone"})
	return nil
}
