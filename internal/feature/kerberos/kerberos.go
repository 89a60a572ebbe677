// Package kerberos lets people in who have a Kerberos ticket for this server: browsers
// at a way in of their own on the login page, and, where the administrator wants it,
// programs that send a ticket along with what they ask (SPNEGO, RFC 4559, RFC 4178). It
// keeps how names of principals become accounts, and which tickets were shown; accounts
// are core/identity's, and the login page is another room's.
//
// Tickets are opened here (ticket.go) with the messages of gokrb5, and not by its
// service, which reads the clock itself and remembers what was shown in one process.
package kerberos

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table kerberos_used.
var Schema = db.Schema{Room: "kerberos", Files: schema}

const (
	app   = "kerberos" // of our settings
	enter = "/apps/kerberos/login"
)

// Entry begins sessions.
type Entry interface {
	// Enter begins a session of an account, or half of one if it has to show a second
	// factor, and tells where to send the browser that wants to go to an address.
	Enter(w http.ResponseWriter, r *http.Request, u *identity.User, to string) (token int64, next string, err error)
}

// Room is the way in.
type Room struct {
	Now func() time.Time
	Log *slog.Logger
	// Person finds whom the directories in use mean by a name, or fault.NotFound. It is
	// set before Plug; nil: there are no directories.
	Person func(ctx context.Context, name string) (*identity.Login, error)
	Home   string // the address of this server, where no request tells it
	Conf   string // the file krb5.conf, which says where realms are to be found

	db       *db.DB
	dir      *identity.Directory
	settings *settings.Store
	box      *seal.Box
	entry    Entry
	refusal  *web.Refusal
}

// New returns the room. It touches none of what it is given.
func New(d *db.DB, dir *identity.Directory, s *settings.Store, box *seal.Box, in Entry) (*Room, error) {
	frame, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	rm := &Room{Now: time.Now, Log: slog.New(slog.DiscardHandler), db: d, dir: dir, settings: s, box: box, entry: in}
	rm.refusal, err = frame.Refusal()
	return rm, err
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.dir.AddSource(rm)
	*b.Auth = append(*b.Auth, web.Authenticator(ticket{rm}))
	b.Web.Handle("GET", enter, web.Anyone, rm.login, web.PerMinute(120))
	rm.api(b.OCS)
	for _, c := range rm.commands() {
		b.CLI.Add(strings.Fields(c.Use)[0], c)
	}
	b.Settings.Add(app, adjustable)
	b.Jobs.Every("@every 15m", "kerberos.sweep", rm.sweep)
}

// sweep forgets what is too old to be shown again.
func (rm *Room) sweep(ctx context.Context) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM kerberos_used WHERE until < ?", rm.Now().Unix())
	return err
}

// Door is the way in on the login page.
type Door struct {
	Label, Address string
	Only           bool // it is the only way in: people are sent there unasked
}

// Doors are the one way in, or none, for who wants to go on to an address of ours or
// to "".
func (rm *Room) Doors(ctx context.Context, to string) ([]Door, error) {
	c, err := rm.config(ctx)
	if err != nil || !c.on("enabled") {
		return nil, err
	}
	d := Door{Label: c.get("label"), Address: enter, Only: !c.on("allow_multiple_user_backends")}
	if to != "" {
		d.Address += "?redirectUrl=" + url.QueryEscape(to)
	}
	return []Door{d}, nil
}
