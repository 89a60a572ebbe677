package cloud

import (
	"net/http"
	"strconv"
)

// static answers with bytes that seldom change.
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
