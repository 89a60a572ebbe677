package notify

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
)

// adminApp is whose notices from administrators are (33-notify-activity/011), and
// announceType the type of those that are listed as announcements.
const (
	adminApp     = "admin_notifications"
	announceType = "announcement"
)

// The bounds of what administrators write, in characters (33-notify-activity/009).
const (
	maxSubject = 255
	maxMessage = 4000
)

// newObject makes the id of an object that is nothing but its notice.
func newObject() string { return seal.Token(8) }

// fits tells whether texts can be told.
func fits(subject, message string) bool {
	return subject != "" && utf8.ValidString(subject+message) && utf8.RuneCountInString(subject) <= maxSubject && utf8.RuneCountInString(message) <= maxMessage
}

func (rm *Room) known(ctx context.Context, uid string) error {
	_, err := rm.dir.User(ctx, uid)
	if errors.Is(err, fault.NotFound) {
		return noSuch()
	}
	return err
}

// adminNotice tells one account something (33-notify-activity/003, 004, 006 to 009).
func (rm *Room) adminNotice(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	if err := rm.known(ctx, r.Path("user")); err != nil {
		return nil, err
	}
	subject, message := p.Get("shortMessage"), p.Get("longMessage")
	if !fits(subject, message) {
		return nil, unfit()
	}
	return nil, rm.Tell(ctx, personal(r.Path("user"), subject, message))
}

func personal(uid, subject, message string) event.Notice {
	n := event.Notice{To: []string{uid}, App: adminApp, Type: adminApp, Object: newObject(), Subject: event.Written(subject)}
	if message != "" {
		n.Message = event.Written(message)
	}
	return n
}

// adminRich is adminNotice with parameters in the words (33-notify-activity/005).
func (rm *Room) adminRich(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	if err := rm.known(ctx, r.Path("user")); err != nil {
		return nil, err
	}
	subject, message := p.Get("subject"), p.Get("message")
	if !fits(subject, message) {
		return nil, unfit()
	}
	n := personal(r.Path("user"), subject, message)
	if n.Params, err = objectParams(p.Get("subjectParameters")); err != nil {
		return nil, err
	}
	more, err := objectParams(p.Get("messageParameters"))
	if err != nil {
		return nil, err
	}
	for name, o := range more {
		if n.Params == nil {
			n.Params = map[string]event.RichObject{}
		}
		n.Params[name] = o
	}
	id, err := rm.tell(ctx, item{Notice: n})
	return struct {
		ID int64 `json:"id"`
	}{id}, err
}

// Announcement is what administrators say to many.
type Announcement struct {
	Subject, Message string
	Link             string // a path here, or an address of the web; "": none
	Users, Groups    []string
	All              bool
}

// Announce says something to accounts, groups or everybody, and returns the id of
// the announcement. It costs a row for each account or group that is named, and
// one for everybody.
func (rm *Room) Announce(ctx context.Context, a Announcement) (string, error) {
	switch {
	case !fits(a.Subject, a.Message):
		return "", fault.New(fault.Invalid, "An announcement needs a subject of at most 255 characters and a text of at most 4,000.")
	case a.Link != "" && !safePath(a.Link):
		return "", fault.New(fault.Invalid, "The link must be an address of the web, or a path on this server.")
	case !a.All && len(a.Users)+len(a.Groups) == 0:
		return "", fault.New(fault.Invalid, "Please say to whom: accounts, groups, or all.")
	case a.All && len(a.Users)+len(a.Groups) > 0:
		return "", fault.New(fault.Invalid, "Either to all, or to some.")
	}
	for _, uid := range a.Users {
		if _, err := rm.dir.User(ctx, uid); err != nil {
			return "", err
		}
	}
	for _, gid := range a.Groups {
		if _, err := rm.dir.Group(ctx, gid); err != nil {
			return "", err
		}
	}
	n := event.Notice{To: a.Users, Groups: a.Groups, All: a.All, App: adminApp, Type: announceType, Object: newObject(),
		Subject: event.Written(a.Subject), Link: a.Link}
	if a.Message != "" {
		n.Message = event.Written(a.Message)
	}
	return n.Object, rm.Tell(ctx, n)
}

// Announced is an announcement that stands.
type Announced struct {
	ID      string   `json:"id"`
	At      string   `json:"datetime"`
	Subject string   `json:"subject"`
	Message string   `json:"message"`
	Link    string   `json:"link"`
	All     bool     `json:"all"`
	Users   []string `json:"users"`
	Groups  []string `json:"groups"`
}

// Announcements lists what was announced, newest first.
func (rm *Room) Announcements(ctx context.Context) ([]Announced, error) {
	found, err := db.List(ctx, rm.db, scanItem, "SELECT "+itemColumns+" FROM notice WHERE kind = ? AND app = ? ORDER BY at DESC, id DESC", announceType, adminApp)
	if err != nil {
		return nil, err
	}
	out := []Announced{}
	for _, n := range found {
		i := slices.IndexFunc(out, func(a Announced) bool { return a.ID == n.Object })
		if i < 0 {
			i = len(out)
			out = append(out, Announced{n.Object, stamp(n.at), n.Subject.Text, n.Message.Text, n.Link, false, []string{}, []string{}})
		}
		switch a := &out[i]; {
		case n.audience == everybody:
			a.All = true
		case n.audience[0] == 'g':
			a.Groups = append(a.Groups, n.audience[2:])
		default:
			a.Users = append(a.Users, n.audience[2:])
		}
	}
	return out, nil
}

// Retract takes an announcement back; one that is none is fault.NotFound.
func (rm *Room) Retract(ctx context.Context, id string) error {
	found, err := db.List(ctx, rm.db, scanItem, "SELECT "+itemColumns+" FROM notice WHERE object = ? AND kind = ? AND app = ?", id, announceType, adminApp)
	if err == nil && len(found) == 0 {
		err = fault.New(fault.NotFound, "There is no such announcement.")
	}
	if err != nil {
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error { return rm.drop(ctx, tx, found) })
}

func (rm *Room) listAnnouncements(ctx context.Context, _ *ocs.Request) (any, error) {
	return rm.Announcements(ctx)
}

func (rm *Room) announce(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	a := Announcement{Subject: p.Get("subject"), Message: p.Get("message"), Link: p.Get("link")}
	if a.Users, err = r.List("users"); err != nil {
		return nil, err
	}
	if a.Groups, err = r.List("groups"); err != nil {
		return nil, err
	}
	if a.All, err = r.Bool("all"); err != nil {
		return nil, err
	}
	id, err := rm.Announce(ctx, a)
	return ocs.Answer{Data: map[string]string{"id": id}, Status: http.StatusCreated}, err
}

func (rm *Room) retract(ctx context.Context, r *ocs.Request) (any, error) {
	return nil, rm.Retract(ctx, r.Path("id"))
}

// number reads an id that was typed.
func number(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "The id must be a number.")
	}
	return id, nil
}
