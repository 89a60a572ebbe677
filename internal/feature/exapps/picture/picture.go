// Package picture passes the pictures of external apps on to people. Only what browsers draw
// is let through, and it can do nothing where one opens it as a page.
package picture

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/feature/exapps/calls"
)

// Max bounds a picture, in bytes.
const Max = 256 << 10

// ErrNone is the answer where there is none.
var ErrNone = fault.New(fault.NotFound, "The external app has no picture of this.")

// Show passes on what an app has answered; ErrNone if it is no picture.
func Show(w http.ResponseWriter, r *http.Request, answer *http.Response) error {
	body, err := calls.Read(answer, Max)
	if err != nil {
		return err
	}
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	known := []string{"image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"}
	if err != nil || answer.StatusCode != http.StatusOK || !slices.Contains(known, kind) {
		return ErrNone
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}
