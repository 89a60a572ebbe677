// Package accountmail writes to people about their accounts: a welcome, a link
// to choose a new password, and a notice when something happens that matters to
// the account's safety. It keeps nothing: the links carry all they need, sealed,
// and work until they were used.
package accountmail

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/mail"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed mails/*.txt
var mailFiles embed.FS

//go:embed pages/*.html
var pageFiles embed.FS

// Room writes the letters.
type Room struct {
	Now func() time.Time

	db      *db.DB
	dir     *identity.Directory
	mail    *mail.Sender
	box     *seal.Box
	base    string // the server's public address: never what a request claims it to be
	letters *mail.Letters
	pages   map[string]*web.Template
	asked   recent
	offered *plug.Sockets[plug.Letter] // the letters of all rooms
}

// New returns the room. base is the public address without a slash at the end.
func New(d *db.DB, dir *identity.Directory, m *mail.Sender, box *seal.Box, base string) (*Room, error) {
	letters, err := mail.LoadLetters(mailFiles, "mails")
	if err != nil {
		return nil, err
	}
	frame, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	rm := &Room{Now: time.Now, db: d, dir: dir, mail: m, box: box, base: base, letters: letters, pages: map[string]*web.Template{}}
	for _, name := range []string{"forgot", "choose", "verify", "done"} {
		if rm.pages[name], err = frame.Parse(pageFiles, "pages/"+name+".html"); err != nil {
			return nil, err
		}
	}
	return rm, nil
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.mail.Plug(b.Jobs)
	b.Web.Handle("GET", Forgot, web.Anyone, rm.forgotPage)
	b.Web.Handle("POST", "/lostpassword/email", web.Anyone|web.NoCSRF, rm.forgot, web.PerMinute(20))
	b.Web.Handle("GET", "/lostpassword/reset/form/{token}/{user}", web.Anyone, rm.choosePage)
	b.Web.Handle("POST", "/lostpassword/set/{token}/{user}", web.Anyone|web.NoCSRF, rm.choose, web.PerMinute(20))
	b.Web.Handle("GET", "/settings/verifymail/{token}", web.Anyone, rm.verifyPage)
	b.Web.Handle("POST", "/settings/verifymail/{token}", web.Anyone|web.NoCSRF, rm.verify, web.PerMinute(20))
	bus.On(b.Bus, "accountmail", rm.changed)
	b.CLI.Add("mail:test", rm.test())
	b.Health.Add("mail", rm.health)
	ocs.Handle(b.OCS, "POST /apps/administration/api/v1/mail/test", web.Admin, rm.testTo, web.PerMinute(6))
	rm.plugLetters(b)
}

// health tells whether there is a mail server, not whether it answers: mail/test
// finds that out.
func (rm *Room) health(context.Context) plug.Finding {
	if !rm.mail.Ready() {
		return plug.Finding{State: plug.Warn, Text: tongue.Of("No mail server is set up: invitations, lost passwords and shares by mail do not work."),
			Fix: tongue.Of("Set mail.host and mail.from (ATRIUM_MAIL_HOST, ATRIUM_MAIL_FROM), restart, then send a test message.")}
	}
	return plug.Finding{State: plug.Fine, Text: tongue.Of("A mail server is set up.")}
}

// testTo does what mail:test does, for {address}.
func (rm *Room) testTo(ctx context.Context, r *ocs.Request) (any, error) {
	address, err := r.Param("address")
	if err != nil {
		return nil, err
	}
	return nil, rm.sendTest(ctx, address)
}

func (rm *Room) sendTest(ctx context.Context, address string) error {
	if err := mail.CheckAddress(address); err != nil {
		return err
	}
	return rm.mail.Send(ctx, mail.Message{To: address, Subject: rm.mail.Site(ctx).Name + ": mail works",
		Text: "This message was sent by mail:test. Mail from " + rm.base + " arrives.\n"})
}

// Forgot is the address of the page for who has forgotten the password.
const Forgot = "/lostpassword"

// write queues a letter to an account. One without an address is fault.Invalid.
func (rm *Room) write(ctx context.Context, u *identity.User, name string, data map[string]any) error {
	if u.Mail == "" {
		return fault.New(fault.Invalid, "Email address not available")
	}
	all := map[string]any{"Site": rm.mail.Site(ctx), "Name": u.Display, "Login": u.ID, "Link": rm.base}
	for k, v := range data {
		all[k] = v
	}
	m, err := rm.letters.Write(name, u.Language, all)
	if err != nil {
		return err
	}
	m.To, m.Name = u.Mail, u.Display
	return rm.db.Tx(ctx, func(tx *db.DB) error { return rm.mail.Queue(ctx, tx, m) })
}

// welcomeFor is how long a welcome's link to choose a password works.
const welcomeFor = 7 * 24 * time.Hour

// Welcome tells somebody of their new account, with a link to choose a password
// when it has none. Without an address it is fault.Invalid, without a mail server
// fault.Unsupported.
func (rm *Room) Welcome(ctx context.Context, u *identity.User) error {
	choose := u.Source == "" && !u.HasPassword()
	link := rm.base + "/login?user=" + u.ID
	if choose {
		link = rm.link(u, welcomeFor)
	}
	return rm.write(ctx, u, "welcome", map[string]any{"Choose": choose, "Link": link})
}

// changed tells the owner of what happened to an account.
func (rm *Room) changed(ctx context.Context, ev event.AccountChanged) error {
	switch ev.What {
	case event.PasswordSet, event.AppPasswordMade, event.SecondFactorOn, event.SecondFactorOff, event.AddressChanged:
	default:
		return nil
	}
	if !rm.mail.Ready() {
		return nil
	}
	u, err := rm.dir.User(ctx, ev.UID)
	if errors.Is(err, fault.NotFound) || err == nil && u.Mail == "" && ev.What != event.AddressChanged {
		return nil
	}
	if err != nil {
		return err
	}
	if ev.What == event.AddressChanged {
		if err := rm.askToVerify(ctx, u, ev); err != nil || ev.Detail == "" {
			return err
		}
		was := *u
		was.Mail = ev.Detail // who has lost the account shall hear of it
		u = &was
	}
	err = rm.write(ctx, u, "changed", map[string]any{"What": ev.What, "Detail": ev.Detail, "Actor": ev.Actor, "Addr": ev.Addr,
		"Link": rm.base + "/settings"})
	if errors.Is(err, fault.Invalid) {
		return nil // an address that is none
	}
	return err
}

// test sends a message at once, so that an administrator sees what the mail
// server says.
func (rm *Room) test() *cobra.Command {
	return &cobra.Command{Use: "mail:test ADDRESS", Short: "Send a message to an address and show what the mail server says",
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			if err := rm.sendTest(cmd.Context(), args[0]); err != nil {
				return err
			}
			cli.Say(cmd, "The mail server has taken the message to %s", args[0])
			return nil
		}}
}
