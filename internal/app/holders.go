package app

import (
	"path/filepath"

	"atrium/internal/feature/davfiles"
	"atrium/internal/feature/media"
	"atrium/internal/feature/previews"
	"atrium/internal/feature/trash"
	"atrium/internal/feature/usage"
	"atrium/internal/feature/versions"
	"atrium/internal/infra/cage"
)

// holders makes the rooms that refer to contents of their own, and the one that
// shows pictures of what they hold.
func (h *house) holders() (*davfiles.Room, *versions.Room, *trash.Room, *previews.Room) {
	davs := davfiles.New(h.db, h.files, h.content, h.instance)
	davs.Publish = h.publish
	h.people.OnRemoved(davs.Forget)
	olds := versions.New(h.db, h.tree, h.files, h.content, h.people, h.settings)
	bin := trash.New(h.db, h.tree, h.files, h.people, h.settings)
	return davs, olds, bin, h.previews(bin, olds)
}

// previews is the room of small pictures, whose decoders run in cages.
func (h *house) previews(bin *trash.Room, olds *versions.Room) *previews.Room {
	rm := previews.New(h.files, h.content, h.settings, h.cage(), filepath.Join(h.conf.Data, "previews"))
	rm.Log, rm.Trashed, rm.Versions = h.log, bin.Reveal, olds.Reveal
	return rm
}

// usage is the room that tells what storage is used for.
func (h *house) usage(olds *versions.Room) *usage.Room {
	rm := usage.New(h.db, h.tree, h.files)
	rm.Versions = olds.Held
	return rm
}

// photos is the room that knows what photos tell.
func (h *house) photos() *media.Room {
	rm := media.New(h.db, h.tree, h.files, h.content, h.cage())
	rm.Log = h.log
	return rm
}

func (h *house) cage() *cage.Cage {
	return cage.New(h.env.self, filepath.Join(h.conf.Data, "previews", "tmp"))
}
