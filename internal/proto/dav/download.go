package dav

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

// unsafeTypes would run in the reader's browser with our origin's rights; they
// are shown as text (10-dav-files/126…129).
var unsafeTypes = map[string]bool{"text/html": true, "application/javascript": true, "image/svg+xml": true,
	"application/xhtml+xml": true, "application/xml": true, "text/xml": true}

// ServedType is the Content-Type of a download of a media type.
func ServedType(mime string) string {
	if unsafeTypes[mime] {
		return "text/plain;charset=UTF-8"
	}
	if strings.HasPrefix(mime, "text/") {
		return mime + ";charset=UTF-8"
	}
	return mime
}

// Disposition names a download (10-dav-files/124). Both forms are encoded alike,
// since clients decode both.
func Disposition(name string) string {
	esc := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	return "attachment; filename*=UTF-8''" + esc + `; filename="` + esc + `"`
}

// ForClients answers a GET of a folder that only DAV clients can show
// (13-dav-trash/010).
func ForClients(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	_, err := io.WriteString(w, "This is a WebDAV folder. Open it with a program that speaks WebDAV.\n")
	return err
}
