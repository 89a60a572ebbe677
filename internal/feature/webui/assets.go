package webui

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/proto/web"
)

// assets are the scripts and styles of the page. Their names hold a hash of
// their contents, so browsers keep them for good; a compressed copy made at
// build time lies beside each.
type assets struct{ fsys fs.FS }

func newAssets(fsys fs.FS) *assets { return &assets{fsys} }

// kinds are the types of what a build can contain. The system's own table is
// not asked: it differs from machine to machine.
var kinds = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	".png": "image/png", ".woff2": "font/woff2", ".ttf": "font/ttf", ".pfb": "application/x-font-type1", ".json": "application/json",
}

// codings are the compressions we have, best first.
var codings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) error {
	name := web.Param(r, "file")
	kind := kinds[path.Ext(name)]
	if kind == "" || !fs.ValidPath(name) || !strings.HasPrefix(name, "assets/") {
		return fault.New(fault.NotFound, "There is nothing at this address.")
	}
	b, coding, err := a.read(name, r.Header.Get("Accept-Encoding"))
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.NotFound, err, "This belongs to another version of the page. Reload it.")
	}
	if err != nil {
		return err
	}
	h := w.Header()
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, err = w.Write(b)
	return err
}

// read returns a file in the best coding that is accepted and there.
func (a *assets) read(name, accept string) (b []byte, coding string, err error) {
	for _, c := range codings {
		if !accepts(accept, c.name) {
			continue
		}
		if b, err = fs.ReadFile(a.fsys, name+c.suffix); err == nil {
			return b, c.name, nil
		}
	}
	b, err = fs.ReadFile(a.fsys, name)
	return b, "", err
}

// accepts tells whether an Accept-Encoding header (RFC 9110 section 12.5.3)
// names a coding and does not give it the weight 0.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		key, weight, _ := strings.Cut(params, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "q") {
			return true
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
		return err == nil && q > 0
	}
	return false
}
