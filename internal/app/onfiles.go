package app

import (
	"path/filepath"

	"atrium/internal/feature/comments"
	"atrium/internal/feature/direct"
	"atrium/internal/feature/fulltext"
	"atrium/internal/feature/icons"
	"atrium/internal/feature/locks"
	"atrium/internal/feature/photos"
	"atrium/internal/feature/previews"
	"atrium/internal/feature/proof"
	"atrium/internal/feature/recent"
	"atrium/internal/feature/reminders"
	"atrium/internal/feature/tags"
	"atrium/internal/feature/templates"
	"atrium/internal/feature/workspace"
	"atrium/internal/infra/cage"
	"atrium/internal/infra/db"
	"atrium/internal/infra/opensearch"
	"atrium/internal/proto/plug"
)

// onFiles are the tables of the rooms of what hangs on a file.
var onFiles = []db.Schema{
	locks.Schema,
	tags.Schema,
	comments.Schema,
	photos.Schema,
	reminders.Schema,
	templates.Schema,
	fulltext.Schema,
}

// roomsOnFiles are the rooms of what hangs on a file.
func (h *house) roomsOnFiles(pictures *previews.Room) []plug.Room {
	return []plug.Room{
		may("files_lock", locks.New(h.db, h.files, h.people, h.settings)),
		may("systemtags", tags.New(h.db, h.files, h.people, h.settings, h.publish)),
		may("comments", comments.New(h.db, h.files, h.people, h.publish)),
		may("files_reminders", reminders.New(h.db, h.files, h.people, h.publish)),
		may("recommendations", recent.New(h.files, pictures)),
		may("templates", templates.New(h.db, h.files, h.people, pictures)),
		may("workspace", workspace.New(h.files)),
		may("backup_proof", proof.New(h.tree, h.files)),
		h.photos(),
		may("photos", photos.New(h.db, h.files, h.people, h.shares)),
		icons.New(),
		direct.New(h.files, h.people, h.box),
		may(fulltext.App, h.fulltext()),
	}
}

// fulltext is the room of what is written in files, which reads some of them in
// cages.
func (h *house) fulltext() *fulltext.Room {
	rm := fulltext.New(h.db, h.tree, h.files, h.content, h.settings, cage.New(h.env.self, filepath.Join(h.conf.Data, "fulltext")))
	rm.Log = h.log
	if s := h.conf.Search; s.URL != "" {
		rm.UseServer(opensearch.New(s.URL, s.Index, s.User, s.Password))
	}
	return rm
}
