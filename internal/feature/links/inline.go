package links

import (
	"net/http"
	"strings"

	"atrium/internal/base/fault"
)

// inline answers /s/{token}/inline?path= with a file that a page shows: a picture, a
// sound, a film, a PDF. It is served as a download is, ranges and counting
// included, but for the headers that would keep it out of the page.
func (rm *Room) inline(w http.ResponseWriter, r *http.Request) error {
	r, _, e, err := rm.look(w, r, r.URL.Query().Get("path"))
	if err != nil || e == nil {
		return err
	}
	kind := kindOf(e.Mime)
	if e.IsDir() || linkOf(r.Context()).Drop() || kind == "" || kind == "text" {
		return fault.New(fault.NotFound, "This cannot be shown in a page.")
	}
	in := r.Clone(r.Context())
	in.URL.Path, in.URL.RawPath = "", ""
	u, err := in.URL.Parse(davURL(linkOf(r.Context()), e.Path))
	if err != nil {
		return err
	}
	in.URL = u
	return rm.dav.Serve(&inPage{w, policyOf(kind)}, in)
}

// policyOf is the content security policy of a file that is shown: nothing in it
// runs, and only our own pages show it. The browsers' PDF viewers bring styles.
func policyOf(kind string) string {
	if kind == "pdf" {
		return "default-src 'none';object-src 'self';style-src 'unsafe-inline';frame-ancestors 'self'"
	}
	return "default-src 'none';img-src 'self';media-src 'self';style-src 'unsafe-inline';frame-ancestors 'self';sandbox"
}

// inPage changes the headers of a download.
type inPage struct {
	http.ResponseWriter
	policy string
}

// WriteHeader implements http.ResponseWriter.
func (p *inPage) WriteHeader(status int) {
	h := p.Header()
	h.Set("Content-Security-Policy", p.policy)
	if d := h.Get("Content-Disposition"); d != "" {
		h.Set("Content-Disposition", "inline"+strings.TrimPrefix(d, "attachment"))
	}
	h.Set("Cache-Control", "private, no-cache")
	p.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (p *inPage) Unwrap() http.ResponseWriter { return p.ResponseWriter }
