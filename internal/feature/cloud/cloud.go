// Package cloud tells clients whom they speak to and what works here: status,
// capabilities, avatars, and the answers that clients poll for things we do not
// have yet. It keeps the pictures that people upload of themselves, and those that the
// services have of them that they come from.
package cloud

import (
	"context"
	"embed"
	"net/http"
	"strings"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables cloud_avatar and cloud_portrait.
var Schema = db.Schema{Room: "cloud", Files: schema}

// The version of Nextcloud whose protocols we speak, as clients read it.
const (
	major, minor, micro = 32, 0, 1

	Version     = "32.0.1"
	FullVersion = "32.0.1.2"
)

// Room answers for the instance.
type Room struct {
	Now func() time.Time

	db       *db.DB
	dir      *identity.Directory
	settings *settings.Store
	avatars  *painter
	board    sections
}

// New returns the room.
func New(d *db.DB, dir *identity.Directory, s *settings.Store) (*Room, error) {
	p, err := newPainter()
	if err != nil {
		return nil, err
	}
	rm := &Room{Now: time.Now, db: d, dir: dir, settings: s, avatars: p}
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		if _, err := tx.Exec(ctx, "DELETE FROM cloud_portrait WHERE uid = ?", uid); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM cloud_avatar WHERE uid = ?", uid)
		return err
	})
	return rm, nil
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.PublicCaps.Add("bruteforce", bruteforceCaps)
	b.Caps.Add("core", rm.coreCaps)
	b.Settings.Add("cloud", []plug.Setting{managed})
	rm.board = sections{public: &b.PublicCaps, private: &b.Caps}
	plugPages(b.Web)
	rm.plugAvatars(b.Web)
	ocs.Handle(b.OCS, "GET /config", web.Public, config)
	ocs.Handle(b.OCS, "GET /cloud/capabilities", web.Public, rm.capabilities)
	ocs.Handle(b.OCS, "GET /core/navigation/apps", web.User, navigation)
	ocs.Handle(b.OCS, "GET /core/navigation/settings", web.User, none)
	ocs.Handle(b.OCS, "GET /core/whatsnew", web.User, func(context.Context, *ocs.Request) (any, error) {
		return ocs.Answer{Status: http.StatusNoContent}, nil
	})
}

func plugPages(m *web.Mux) {
	m.Handle("GET", "/status.php", web.Anyone, status)
	m.Handle("GET", "/204", web.Anyone, noContent)
	m.Handle("GET", "/robots.txt", web.Anyone, robots)
	m.Prefix("/.well-known/caldav", web.Anyone|web.NoCSRF, toDAV)
	m.Prefix("/.well-known/carddav", web.Anyone|web.NoCSRF, toDAV)
	m.Handle("GET", "/.well-known/{name...}", web.Anyone, wellKnown)
}

func (rm *Room) plugAvatars(m *web.Mux) {
	m.Handle("GET", "/avatar/{user}/{size}", web.Public, rm.avatar)
	m.Handle("GET", "/avatar/{user}/{size}/dark", web.Public, rm.avatarDark)
	m.Handle("GET", "/avatar/guest/{name}/{size}", web.Anyone, rm.guest)
	m.Handle("GET", "/avatar/guest/{name}/{size}/dark", web.Anyone, rm.guestDark)
	m.Handle("POST", "/avatar", web.User, rm.upload, web.MaxBody(maxUpload))
	m.Handle("DELETE", "/avatar", web.User, rm.removePicture)
	m.Handle("GET", "/remote.php/dav/avatars/{user}/{file}", web.User|web.Basic, rm.davAvatar, web.Errors(dav.WriteError))
}

// status answers GET /status.php (30-core/001). Clients ask it before anything
// else, from anywhere.
func status(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	web.WriteJSON(w, http.StatusOK, struct {
		Installed       bool   `json:"installed"`
		Maintenance     bool   `json:"maintenance"`
		NeedsUpgrade    bool   `json:"needsDbUpgrade"`
		Version         string `json:"version"`
		VersionString   string `json:"versionstring"`
		Edition         string `json:"edition"`
		ProductName     string `json:"productname"`
		ExtendedSupport bool   `json:"extendedSupport"`
	}{Installed: true, Version: FullVersion, VersionString: Version, ProductName: web.Product})
	return nil
}

// noContent tells clients that nothing stands between them and us: a captive
// portal would not answer 204.
func noContent(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func robots(w http.ResponseWriter, r *http.Request) error {
	return static(w, r, "text/plain", []byte("User-agent: *\nDisallow: /\n"))
}

// toDAV leads calendar and address book clients, which ask with any method
// (RFC 6764, section 5).
func toDAV(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Location", web.VisitOf(r.Context()).Base()+"/remote.php/dav/")
	w.WriteHeader(http.StatusMovedPermanently)
	return nil
}

// wellKnown answers what stands below /.well-known (30-core/216 to 222).
func wellKnown(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("X-Nextcloud-Well-Known", "1")
	name := web.Param(r, "name")
	if name == "change-password" {
		web.Redirect(w, r, web.VisitOf(r.Context()).Base()+"/settings/user/security")
		return nil
	}
	if len(name) > 64 {
		name = name[:64]
	}
	web.WriteJSON(w, http.StatusNotFound, map[string]string{"message": strings.ToValidUTF8(name, "") + " not supported"})
	return nil
}
