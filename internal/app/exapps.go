package app

import (
	"context"
	"errors"
	"log/slog"

	"atrium/internal/base/fault"
	"atrium/internal/feature/davfiles"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/actions"
	"atrium/internal/feature/exapps/beats"
	"atrium/internal/feature/exapps/desk"
	"atrium/internal/feature/exapps/diary"
	"atrium/internal/feature/exapps/listen"
	"atrium/internal/feature/exapps/nodeinfo"
	"atrium/internal/feature/exapps/pages"
	"atrium/internal/feature/exapps/tasks"
	"atrium/internal/proto/plug"
)

// externalApps makes the rooms of the programs that run beside us.
func (h *house) externalApps(davs *davfiles.Room) plug.Room {
	rm, lines := exapps.New(h.db, h.people, h.box), &diary.Diary{}
	log := slog.New(lines.Handler(h.log.Handler()))
	rm.Now, rm.Log, rm.Base, rm.Publish = h.env.clock(), log, h.conf.BaseURL(), h.bus.Publish
	h.apps = rm
	h.closers = append(h.closers, rm)
	nodes := nodeinfo.Writer{Favorites: davs.Favorites, Name: h.called, Instance: h.instance}
	heard := listen.New(h.db, rm, h.people, h.files, nodes)
	heard.Now, heard.Log = h.env.clock(), log
	admins := desk.New(rm, lines)
	admins.Now = h.env.clock()
	asked := tasks.New(h.db, rm, h.people, h.files)
	asked.Now, asked.Log = h.env.clock(), log
	shown := pages.New(rm)
	shown.Log = log
	return together{rm, shown, heard, actions.New(rm, h.files, nodes), beats.New(rm), admins, asked}
}

// called is the name of somebody, or the id where there is none.
func (h *house) called(ctx context.Context, uid string) (string, error) {
	u, err := h.people.User(ctx, uid)
	if errors.Is(err, fault.NotFound) {
		return uid, nil
	}
	if err != nil {
		return "", err
	}
	return u.Display, nil
}
