package app

import (
	"atrium/internal/feature/davfiles"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// plugIn makes the rooms and plugs them in: the list of what we are.
func (h *house) plugIn() (*plug.Board, *davfiles.Room) {
	b := &plug.Board{Web: web.NewMux(), DAV: dav.NewMux("/remote.php/dav"), Hook: &h.files.Hooks, Auth: &[]web.Authenticator{}}
	files := davfiles.New(h.db, h.files, h.content, h.instance)
	for _, r := range []plug.Room{
		files,
	} {
		r.Plug(b)
	}
	return b, files
}
