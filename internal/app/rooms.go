package app

import (
	"context"

	"atrium/internal/core/files"
	"atrium/internal/feature/admin"
	"atrium/internal/feature/cloud"
	"atrium/internal/feature/davfiles"
	"atrium/internal/feature/passwords"
	"atrium/internal/feature/signin"
	"atrium/internal/feature/twofactor"
	"atrium/internal/feature/webui"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// plugIn makes the rooms and plugs them in: the list of what we are.
func (h *house) plugIn() (*plug.Board, error) {
	m := web.NewMux()
	b := &plug.Board{Web: m, OCS: ocs.NewMux(m), DAV: dav.NewMux("/remote.php/dav"), Hook: &h.files.Hooks, Bus: h.bus, Jobs: h.jobs,
		Auth: &[]web.Authenticator{}}
	in, err := signin.New(h.db, h.people, h.box)
	if err != nil {
		return nil, err
	}
	about, err := cloud.New(h.db, h.people, usage{h.files}, cloud.DefaultBrand())
	if err != nil {
		return nil, err
	}
	page, err := webui.New(h.files)
	if err != nil {
		return nil, err
	}
	second, err := twofactor.New(h.db, h.people, h.box, h.settings, in)
	if err != nil {
		return nil, err
	}
	in.Passed, in.Script, second.Log = second.Passed, second.Script(), h.log
	davs := davfiles.New(h.db, h.files, h.content, h.instance)
	var rooms []plug.Room
	rooms = []plug.Room{
		in,
		second,
		about,
		page,
		passwords.New(h.db, h.people, h.settings, h.hashes),
		davs,
		h.readableTree(davs.Contents),
		admin.New(h.people, h.files, h.settings, h.jobs, h.env.site(h, func() []string { return namesOf(rooms) })),
	}
	for _, r := range rooms {
		r.Plug(b)
	}
	return b, nil
}

// usage tells the cloud room what an account holds.
type usage struct{ files *files.Service }

// Quota implements cloud.Quota.
func (u usage) Quota(ctx context.Context, uid string) (used, total int64, err error) {
	return u.files.Usage(ctx, uid)
}
