package app

import (
	"atrium/internal/feature/activity"
	"atrium/internal/feature/notify"
	"atrium/internal/feature/push"
	"atrium/internal/feature/webhooks"
	"atrium/internal/proto/plug"
)

// news makes the rooms that tell people of what happens.
func (h *house) news(presence notify.Presence) ([]plug.Room, error) {
	notes, err := notify.New(h.db, h.people, h.settings, homes{h.db, h.tree, h.files}, h.mail)
	if err != nil {
		return nil, err
	}
	notes.Log, notes.Publish, notes.Base, notes.Presence = h.log, h.bus.Publish, h.conf.BaseURL(), presence
	stream, err := activity.New(h.db, h.people, h.files, h.settings, h.mail)
	if err != nil {
		return nil, err
	}
	stream.Log, stream.Publish, stream.Base = h.log, h.bus.Publish, h.conf.BaseURL()
	h.push = push.New(h.db, h.people, h.files, h.box)
	h.push.Log = h.log
	return []plug.Room{may("notify_push", h.push), may("notifications", notes), may("activity", stream),
		may("webhook_listeners", webhooks.New(h.db, h.people, h.files, h.settings, h.box))}, nil
}
