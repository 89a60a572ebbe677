// Package status keeps whether people are there: what they say themselves, what
// their clients tell every few minutes, and their absences. The calls are those
// of Nextcloud's apps user_status and dav (recorded in 34-apps/001 to 022 and 093
// to 100). It does not know who may see whom: everybody who is signed in sees all.
//
// Nothing is switched by a timer. What an account shows at an instant follows
// from its rows and the time (Status in layers.go); a job removes what is over.
package status

import (
	"context"
	"embed"
	"net/http"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables user_status and user_absence.
var Schema = db.Schema{Room: "status", Files: schema}

// Room keeps who is there.
type Room struct {
	Now func() time.Time

	db  *db.DB
	dir *identity.Directory
}

// New returns the room. What it knows of an account goes with the account.
func New(d *db.DB, dir *identity.Directory) *Room {
	dir.OnRemoved(forget)
	return &Room{Now: time.Now, db: d, dir: dir}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Caps.Add("user_status", caps)
	b.Jobs.Every("@every 5m", "status.clear", rm.Clear)
	const root = "/apps/user_status/api/v1/"
	ocs.Handle(b.OCS, "GET "+root+"user_status", web.User, rm.own)
	ocs.Handle(b.OCS, "PUT "+root+"user_status/status", web.User, rm.setStatus)
	ocs.Handle(b.OCS, "PUT "+root+"user_status/message/predefined", web.User, rm.setPredefined)
	ocs.Handle(b.OCS, "PUT "+root+"user_status/message/custom", web.User, rm.setCustom)
	ocs.Handle(b.OCS, "DELETE "+root+"user_status/message", web.User, rm.clearMessage)
	ocs.Handle(b.OCS, "DELETE "+root+"user_status/revert/{messageId}", web.User, rm.revert)
	ocs.Handle(b.OCS, "PUT "+root+"heartbeat", web.User, rm.heartbeat)
	ocs.Handle(b.OCS, "GET "+root+"statuses", web.User, rm.list)
	ocs.Handle(b.OCS, "GET "+root+"statuses/{userId}", web.User, rm.of)
	ocs.Handle(b.OCS, "GET "+root+"predefined_statuses", web.User, predefinedList)
	const away = "/apps/dav/api/v1/outOfOffice/{userId}"
	ocs.Handle(b.OCS, "GET "+away, web.User, rm.absence)
	ocs.Handle(b.OCS, "GET "+away+"/now", web.User, rm.absenceNow)
	ocs.Handle(b.OCS, "POST "+away, web.User, rm.setAbsence)
	ocs.Handle(b.OCS, "DELETE "+away, web.User, rm.clearAbsence)
}

// caps is the section of the capabilities (30-core/005).
func caps(context.Context, *http.Request) any {
	return struct {
		Enabled bool `json:"enabled"`
		Restore bool `json:"restore"`
		Emoji   bool `json:"supports_emoji"`
		Busy    bool `json:"supports_busy"`
	}{true, true, true, true}
}

// Presence is the status of an account as its own clients are told beside their
// notifications, "online" for who never had one (33-notify-activity/002).
func (rm *Room) Presence(ctx context.Context, uid string) (string, error) {
	s, known, err := rm.Of(ctx, uid)
	if err != nil || !known {
		return Online, err
	}
	return s.Status, nil
}
