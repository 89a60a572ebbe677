// Package profile shows people to each other: the page of a profile, its data for
// clients, and the card over a name (recorded in 30-core/094 to 103). It keeps
// which fields somebody leaves off their page. What the fields say and who may see
// them is core/identity's; changing them is the provisioning room's.
package profile

import (
	"context"
	"embed"
	"io/fs"
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

//go:embed pages assets
var files embed.FS

// Schema holds the table profile_visibility.
var Schema = db.Schema{Room: "profile", Files: schema}

// Statuses tells whether somebody is there.
type Statuses interface {
	// Shown is what others see of an account: online, away, busy, dnd or offline; an
	// emoji; a message. Each may be "".
	Shown(ctx context.Context, uid string) (state, icon, message string, err error)
}

// Room shows profiles.
type Room struct {
	Now func() time.Time
	// Statuses is set at start only; nil: profiles tell no status.
	Statuses Statuses

	db     *db.DB
	dir    *identity.Directory
	page   *web.Template
	assets fs.FS
	style  string // address of the style sheet
}

// New returns the room. What an account leaves off its page goes with the account.
func New(d *db.DB, dir *identity.Directory) (*Room, error) {
	pages, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	rm := &Room{Now: time.Now, db: d, dir: dir}
	if rm.page, err = pages.Parse(files, "pages/profile.html"); err != nil {
		return nil, err
	}
	if rm.assets, err = fs.Sub(files, "assets"); err != nil {
		return nil, err
	}
	if rm.style, err = styleOf(rm.assets); err != nil {
		return nil, err
	}
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM profile_visibility WHERE uid = ?", uid)
		return err
	})
	return rm, nil
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	ocs.Handle(b.OCS, "GET /profile/{user}", web.User, rm.get)
	ocs.Handle(b.OCS, "PUT /profile/{user}", web.User, rm.setVisibility)
	ocs.Handle(b.OCS, "GET /hovercard/v1/{id}", web.User, rm.hovercard)
	b.Web.Handle(http.MethodGet, "/u/{user}", web.Public|web.Page, rm.show)
	for prefix, names := range map[string][]string{"/core/img/actions/": icons(), "/core/page/": {styleName}} {
		if err := web.Static(b.Web, prefix, rm.assets, names...); err != nil {
			panic(err) // the files are part of the binary
		}
	}
}
