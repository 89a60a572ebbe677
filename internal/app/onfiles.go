package app

import (
	"atrium/internal/feature/comments"
	"atrium/internal/feature/locks"
	"atrium/internal/feature/tags"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
)

// onFiles are the tables of the rooms of what hangs on a file.
var onFiles = []db.Schema{
	locks.Schema,
	tags.Schema,
	comments.Schema,
}

// roomsOnFiles are the rooms of what hangs on a file.
func (h *house) roomsOnFiles() []plug.Room {
	return []plug.Room{
		may("files_lock", locks.New(h.db, h.files, h.people, h.settings)),
		may("systemtags", tags.New(h.db, h.files, h.people, h.settings, h.publish)),
		may("comments", comments.New(h.db, h.files, h.people, h.publish)),
		h.photos(),
	}
}
