// Package sharemail writes to people whom something was shared with by mail: a link
// of their own, the password apart from it or not at all, before it ends if an
// administrator says so, and to who shared it when it was downloaded, if they want to
// know. It keeps of which links it has reminded, and knows no shares but what Shares
// tells.
package sharemail

import (
	"context"
	"embed"
	"strings"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/mail"
	"atrium/internal/proto/plug"
)

//go:embed mails/*.txt
var mailFiles embed.FS

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table share_reminded.
var Schema = db.Schema{Room: "sharemail", Files: schema}

// Share is what a letter tells of a share.
type Share struct {
	Sharer  string // user id
	To      string // mail address
	Name    string // of what is shared
	Folder  bool
	Drop    bool // files are to be added to it, and nothing can be seen
	Token   string
	Note    string
	Locked  bool // a password is needed
	Created time.Time
	Expires time.Time // zero: never
	Told    bool      // its maker wants to hear of downloads
}

// Shares finds the share behind a public link; fault.NotFound when it is gone.
type Shares interface {
	ByLink(ctx context.Context, id int64) (Share, error)
	// Ending lists the shares by mail that end after one instant and not after another.
	Ending(ctx context.Context, after, until time.Time) (ids []int64, err error)
}

// Room writes the letters.
type Room struct {
	Now func() time.Time

	db       *db.DB
	dir      *identity.Directory
	settings *settings.Store
	mail     *mail.Sender
	shares   Shares
	base     string // the server's public address
	letters  *mail.Letters

	mu   sync.Mutex
	told map[int64]time.Time // by link, when its maker was told of a download last
}

// New returns the room. base is the public address without a slash at the end.
func New(d *db.DB, dir *identity.Directory, set *settings.Store, m *mail.Sender, s Shares, base string) (*Room, error) {
	letters, err := mail.LoadLetters(mailFiles, "mails")
	return &Room{Now: time.Now, db: d, dir: dir, settings: set, mail: m, shares: s, base: base, letters: letters, told: map[int64]time.Time{}}, err
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	bus.On(b.Bus, "sharemail", rm.read)
	b.Jobs.Every("@every 1h", "sharemail.remind", rm.Remind)
	b.Settings.Add("sharemail", offered())
	rm.offerSamples(b)
}

// Send writes to whom something was shared with: a letter with the link and, when a
// password is given, one of its own with that. Without a mail server it is
// fault.Unsupported.
func (rm *Room) Send(ctx context.Context, s Share, password string) error {
	if !rm.mail.Ready() {
		return fault.New(fault.Unsupported, "No mail server is set up, so that no mail can be sent.")
	}
	if err := mail.CheckAddress(s.To); err != nil {
		return err
	}
	if strings.Join(strings.Fields(password), " ") != password { // letters make one blank of several
		return fault.New(fault.Invalid, "This password cannot be told by mail. Please tell it another way.")
	}
	u, err := rm.dir.User(ctx, s.Sharer)
	if err != nil {
		return err
	}
	data := map[string]any{"Site": rm.mail.Site(ctx), "Sharer": nameOf(u), "Name": s.Name, "Folder": s.Folder, "Drop": s.Drop, "Note": s.Note,
		"Locked": s.Locked, "Apart": password != "", "Until": day(s.Expires), "Link": rm.base + "/s/" + s.Token, "Password": password}
	names := []string{"shared"}
	if password != "" {
		names = append(names, "password")
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		for _, name := range names {
			m, err := rm.letters.Write(name, u.Language, data)
			if err != nil {
				return err
			}
			m.To, m.ReplyTo = s.To, u.Mail
			if err := rm.mail.Queue(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func nameOf(u *identity.User) string {
	if u.Display == "" {
		return u.ID
	}
	return u.Display
}

// day is the last day on which a link works, as letters write it.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Add(-time.Second).Format(time.DateOnly)
}

// Quiet is how long after a letter about a download of a link there is no other.
const Quiet = time.Hour

// read tells the maker of a link that it was downloaded, if they want to know and
// were not told just now.
func (rm *Room) read(ctx context.Context, ev event.LinkRead) error {
	if !rm.mail.Ready() {
		return nil
	}
	s, err := rm.shares.ByLink(ctx, ev.Link)
	if fault.Of(err) == fault.NotFound && err != nil || err == nil && !s.Told {
		return nil
	}
	if err != nil {
		return err
	}
	if !rm.due(ev.Link) {
		return nil
	}
	u, err := rm.dir.User(ctx, ev.Sharer)
	if fault.Of(err) == fault.NotFound && err != nil || err == nil && u.Mail == "" {
		return nil
	}
	if err != nil {
		return err
	}
	m, err := rm.letters.Write("read", u.Language, map[string]any{"Hello": nameOf(u), "Name": ev.Name, "Folder": ev.Dir, "To": s.To, "Guest": ev.Guest,
		"At": rm.Now().UTC().Format("2006-01-02 15:04"), "Link": rm.base + "/s/" + s.Token})
	if err != nil {
		return err
	}
	m.To, m.Name = u.Mail, u.Display
	return rm.db.Tx(ctx, func(tx *db.DB) error { return rm.mail.Queue(ctx, tx, m) })
}

// maxTold bounds how many links are remembered.
const maxTold = 10_000

func (rm *Room) due(link int64) bool {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	now := rm.Now()
	if at, ok := rm.told[link]; ok && now.Sub(at) < Quiet {
		return false
	}
	if len(rm.told) >= maxTold {
		clear(rm.told)
	}
	rm.told[link] = now
	return true
}
