// Package icons serves the small pictures of kinds of files, and a few more, which
// search, the activity stream and clients ask for by the addresses that they know
// (client-api §12). It knows no files: who shows one says which kind it is.
package icons

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"

	"atrium/internal/base/fault"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed filetypes/*.svg alarm.svg files.svg users.svg move.svg
var drawn embed.FS

// Room serves the pictures.
type Room struct{}

// New returns the room.
func New() Room { return Room{} }

// Plug implements plug.Room.
func (Room) Plug(b *plug.Board) {
	for _, at := range []string{"/core/img/filetypes/{name}", "/apps/theming/img/core/filetypes/{name}"} {
		b.Web.Handle(http.MethodGet, at, web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
			return serve(w, r, "filetypes/"+web.Param(r, "name"))
		})
	}
	for at, name := range map[string]string{"/core/img/actions/alarm.svg": "alarm.svg", "/apps/files/img/app.svg": "files.svg", "/apps/settings/img/users.svg": "users.svg",
		"/apps/files/img/folder-move.svg": "move.svg"} {
		b.Web.Handle(http.MethodGet, at, web.Anyone, func(w http.ResponseWriter, r *http.Request) error { return serve(w, r, name) })
	}
}

// serve answers with a picture, which clients may keep for a week.
func serve(w http.ResponseWriter, r *http.Request, name string) error {
	b, err := drawn.ReadFile(name)
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "There is no such picture.")
	}
	sum := sha256.Sum256(b)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Etag", etag)
	h.Set("Cache-Control", "public, max-age=604800")
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	_, err = w.Write(b)
	return err
}
