package actions

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/calls"
)

// maxIcon bounds a picture, in bytes.
const maxIcon = 256 << 10

// icon answers GET /files/action/icon?appId=…&exFileActionName=…: the picture of an entry,
// as the app has it. It can do nothing where a browser opens it as a page.
func (rm *Room) icon(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	q := r.URL.Query()
	a, err := rm.find(ctx, q.Get("appId"), q.Get("exFileActionName"))
	if err != nil {
		return err
	}
	if a.icon == "" {
		return fault.New(fault.NotFound, "The external app has no picture of this.")
	}
	answer, err := rm.apps.Send(ctx, exapps.Message{App: a.app, UID: who.From(ctx).ID, Method: http.MethodGet, Path: a.icon})
	if err != nil {
		return err
	}
	body, err := calls.Read(answer, maxIcon)
	if err != nil {
		return err
	}
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	known := []string{"image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"}
	if err != nil || answer.StatusCode != http.StatusOK || !slices.Contains(known, kind) {
		return fault.New(fault.NotFound, "The external app has no picture of this.")
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}
