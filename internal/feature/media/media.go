// Package media knows what photos tell of themselves: their size, when and where
// they were taken, with what camera. It reads that after an upload, one photo at a
// time and in a cage (infra/cage), keeps it by content, so that copies and versions
// share it, and shows it as nc:metadata-photos-* over DAV and as a timeline. It makes
// no pictures; those are the business of previews.
package media

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/feature/media/exif"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/cage"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table media.
var Schema = db.Schema{Room: "media", Files: schema}

// edition is raised when photos are worth being read again.
const edition = 1

// Room knows photos.
type Room struct {
	Log *slog.Logger

	db      *db.DB
	tree    *tree.Tree
	files   *files.Service
	content *content.Store
	cage    *cage.Cage
}

// New returns the room.
func New(d *db.DB, t *tree.Tree, f *files.Service, c *content.Store, cg *cage.Cage) *Room {
	return &Room{Log: slog.Default(), db: d, tree: t, files: f, content: c, cage: cg}
}

// worker is the name of exif.Work.
const worker = "exif"

// Workers are what the cage runs for this room; the binary's main function knows
// them (cage.Main).
func Workers() map[string]cage.Worker { return map[string]cage.Worker{worker: exif.Work} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.DAV.Props("files", props{rm})
	bus.OnBatch(b.Bus, "media", rm.written)
	b.Jobs.Every("daily 04:20", "media.rest", rm.Rest)
	ocs.Handle(b.OCS, "GET /apps/media/api/v1/days", web.User, rm.days, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, "GET /apps/media/api/v1/photos", web.User, rm.photos, web.In(who.FilesRoom))
}

// written reads photos that were uploaded. It is done when they are read, so that
// what a kill cut off is begun anew.
func (rm *Room) written(ctx context.Context, evs []event.FileWritten) error {
	for _, ev := range evs {
		if mime := files.MediaType(ev.Name); exif.Reads(mime) {
			if err := rm.learn(ctx, ev.Content, mime); err != nil {
				return err
			}
		}
	}
	return nil
}

// limits of reading one photo: its header, and not its pixels.
func limits() cage.Limits { return cage.Limits{Memory: 192 << 20, CPU: 5 * time.Second} }

// maxSize bounds photos that are not one file on this disk, in bytes: they are
// copied to be read.
const maxSize = 256 << 20

// learn reads one content unless it is known. What tells nothing is noted as such.
func (rm *Room) learn(ctx context.Context, id int64, mime string) error {
	if !rm.cage.Ready() {
		return nil
	}
	known, err := rm.known(ctx, []int64{id})
	if err != nil || known[id] {
		return err
	}
	a, err := rm.read(ctx, id, mime)
	switch {
	case errors.Is(err, fault.NotFound): // replaced in the meantime
		return nil
	case errors.Is(err, cage.ErrFailed), errors.Is(err, cage.ErrBounds):
		rm.Log.Debug("a photo tells nothing", "content", id, "error", err)
	case err != nil:
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error { return rm.keep(ctx, tx, id, a) })
}

// read reads a content in the cage.
func (rm *Room) read(ctx context.Context, id int64, mime string) (a exif.About, err error) {
	rc, err := rm.content.Open(ctx, id, 0, -1)
	if err != nil {
		return a, err
	}
	defer rc.Close()
	in, done, err := rm.file(rc)
	if err != nil {
		return a, err
	}
	defer done()
	var out bytes.Buffer
	if err := rm.cage.Run(ctx, cage.Job{Worker: worker, Order: mime, In: in, Out: &out, Limits: limits()}); err != nil {
		return a, err
	}
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		return exif.About{}, errors.Join(cage.ErrFailed, err)
	}
	return a, nil
}

// file is the bytes of a content as a file; done closes and removes a copy.
func (rm *Room) file(rc io.Reader) (f *os.File, done func(), err error) {
	if fl, ok := rc.(blob.Filer); ok && fl.File() != nil {
		return fl.File(), func() {}, nil
	}
	return rm.cage.Spool(rc, maxSize)
}

// Rest reads photos that were there before anybody read them, or that could not be
// read when they came, and forgets those that are gone.
func (rm *Room) Rest(ctx context.Context) error {
	if err := rm.tidy(ctx); err != nil {
		return err
	}
	types, err := rm.tree.Types(ctx)
	if err != nil {
		return err
	}
	for id, mime := range types {
		if !exif.Reads(mime) {
			continue
		}
		contents, err := rm.tree.Typed(ctx, id)
		if err != nil {
			return err
		}
		if err := rm.learnAll(ctx, contents, mime); err != nil {
			return err
		}
	}
	return nil
}

func (rm *Room) learnAll(ctx context.Context, contents []int64, mime string) error {
	for batch := range slices.Chunk(contents, 500) {
		known, err := rm.known(ctx, batch)
		if err != nil {
			return err
		}
		for _, id := range batch {
			if known[id] {
				continue
			}
			if err := rm.learn(ctx, id, mime); err != nil {
				return err
			}
		}
	}
	return nil
}

// isMedia tells whether a file is shown among photos.
func isMedia(mime string) bool {
	return strings.HasPrefix(mime, "image/") || strings.HasPrefix(mime, "video/")
}
