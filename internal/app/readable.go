package app

import (
	"context"

	"atrium/internal/core/content"
	"atrium/internal/feature/readable"
	"atrium/internal/feature/readable/shelf"
	"atrium/internal/infra/blob/disk"
)

// blobsName is the folder of the store below the data folder.
const blobsName = "blobs"

// readableTree makes the room that shows files under their own names on the
// local disk. counters tell of references to contents that other rooms hold.
func (h *house) readableTree(counters ...content.Counter) *readable.Room {
	place := shelf.Place{Data: h.conf.Data, Blobs: blobsName, Path: new(disk.Store).Path}
	r := readable.New(place, h.db, h.tree, h.content, h.files, h.people, h.settings)
	r.Log, r.Counters, r.Admin = h.log, counters, h.conf.Admin.User
	r.Store = func(ctx context.Context) error { return h.depot.takeOver(ctx) }
	h.readable = r
	h.closers = append(h.closers, r)
	return r
}
