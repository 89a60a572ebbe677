// Package previews shows files as small pictures: photos, drawings, the first page
// of a document, a frame of a film, the beginning of a text, the cover of a piece of
// music. It keeps what it made in a folder of its own, by content, so that copies
// and versions share it, and takes away what was not looked at for longest when
// there is too much. It decides nothing about who may see what: each answer asks
// core/files anew, so that a preview goes with the right to read.
//
// Nothing is decoded in the server itself. Each source is read by a process of its
// own in a cage (infra/cage) with bounded memory, time and processor, at the lowest
// priority, one at a time unless the administrator allows more. Starting such a
// process costs about 20 ms beside the 200 ms that a photo of 12 megapixels takes
// to decode, and in return a picture that is a bomb, or a decoder that is broken,
// ends a process that nobody else uses; and the memory that decoding took goes
// back to the system with it, where a runtime with a garbage collector would keep
// a hundred megabytes for later.
//
// JPEG, PNG, GIF, WebP, BMP, TIFF, texts and covers are read by package raster, in
// Go. Everything else needs a program that the administrator installs (tools.go),
// whose picture then passes through raster as well.
package previews

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/settings"
	"atrium/internal/feature/previews/raster"
	"atrium/internal/infra/cage"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Look finds what a request for the preview of a trashed file or an old version
// means, and the view through which the caller may read it.
type Look func(ctx context.Context, p *who.Principal, name string, id, version int64) (*files.View, *files.Entry, error)

// Room makes and keeps previews.
type Room struct {
	files    *files.Service
	content  *content.Store
	settings *settings.Store
	cage     *cage.Cage
	store    *store
	flights  flights
	turns    turns
	now      func() time.Time
	known    struct {
		sync.Mutex
		config
		at time.Time
	}
	programs atomic.Pointer[programs]

	Log *slog.Logger
	// Trashed and Versions answer for the rooms that keep such files; nil: there are
	// none. Trashed gets an id, Versions the name or id of a file and the version.
	Trashed  Look
	Versions Look
}

// New returns the room, which keeps previews in dir.
func New(f *files.Service, c *content.Store, s *settings.Store, cg *cage.Cage, dir string) *Room {
	return &Room{files: f, content: c, settings: s, cage: cg, store: newStore(filepath.Join(dir, "kept")), now: time.Now, Log: slog.Default()}
}

// Workers are what the cage runs for this room; the binary's main function knows
// them (cage.Main).
func Workers() map[string]cage.Worker { return map[string]cage.Worker{rasterWorker: raster.Work} }

// rasterWorker is the name of raster.Work.
const rasterWorker = "preview"

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Health.Add("previews", rm.health)
	get := func(pattern string, h web.Handler, errors web.ErrorWriter) {
		b.Web.Handle("GET", pattern, web.User, h, web.In(who.FilesRoom), web.Errors(errors))
	}
	get("/core/preview", rm.serveFile, writeEmpty)
	get("/core/preview.png", rm.serveFile, writeEmpty)
	get("/apps/files/api/v1/thumbnail/{x}/{y}/{file...}", rm.serveThumbnail, web.WriteError)
	get("/apps/files_trashbin/preview", rm.serveTrashed, writeEmpty)
	get("/apps/files_versions/preview", rm.serveVersion, writeEmpty)
	for _, mount := range []string{"files", "trashbin", "versions"} {
		b.DAV.Props(mount, props{rm})
	}
	b.Jobs.Every("@every 10m", "previews.sweep", rm.sweepIfDue)
	for _, c := range rm.commands() {
		name, _, _ := strings.Cut(c.Use, " ")
		b.CLI.Add(name, c)
	}
}
