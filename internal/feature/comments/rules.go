package comments

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// maxMessage is how long a comment may be, in characters (15-dav-comments/008).
const maxMessage = 1000

func check(message string) error {
	if utf8.RuneCountInString(message) > maxMessage {
		return fault.New(fault.Invalid, "Message exceeds allowed character limit of {n}", "n", maxMessage)
	}
	if !utf8.ValidString(message) || strings.ContainsRune(message, 0) {
		return fault.New(fault.Invalid, "The message is not text.")
	}
	return nil
}

// write puts a comment on a file that p sees.
func (rm *Room) write(ctx context.Context, p *who.Principal, e *files.Entry, message string) (comment, error) {
	if err := check(message); err != nil {
		return comment{}, err
	}
	id, err := rm.db.ID(ctx)
	if err != nil {
		return comment{}, err
	}
	c := comment{id: id, node: e.ID, uid: p.ID, made: rm.Now().UnixMicro(), message: message}
	told, err := rm.notice(ctx, p, e, c, nil)
	if err != nil {
		return c, err
	}
	return c, rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := insert(ctx, tx, c); err != nil {
			return err
		}
		if err := mark(ctx, tx, c.node, c.uid, c.made); err != nil {
			return err
		}
		if err := rm.publish(ctx, tx, event.CommentMade{Comment: id, Node: e.ID, Message: message, Mentions: told.named, By: event.By{Actor: p.ID}}); err != nil {
			return err
		}
		return rm.send(ctx, tx, told)
	})
}

// errNotYours: a comment is its author's.
var errNotYours = fault.New(fault.Denied, "Only authors are allowed to edit their comment.")

// edit writes a comment anew.
func (rm *Room) edit(ctx context.Context, p *who.Principal, e *files.Entry, c comment, message string) error {
	if c.uid != p.ID {
		return errNotYours
	}
	if err := check(message); err != nil {
		return err
	}
	before := c
	c.message = message
	told, err := rm.notice(ctx, p, e, c, &before)
	if err != nil {
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := rewrite(ctx, tx, c); err != nil {
			return err
		}
		if err := rm.publish(ctx, tx, event.CommentChanged{Comment: c.id, Node: c.node, Message: message, Mentions: told.named, By: event.By{Actor: p.ID}}); err != nil {
			return err
		}
		return rm.send(ctx, tx, told)
	})
}

// remove takes a comment back.
func (rm *Room) remove(ctx context.Context, p *who.Principal, c comment) error {
	if c.uid != p.ID {
		return errNotYours
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := drop(ctx, tx, c.id); err != nil {
			return err
		}
		if err := rm.publish(ctx, tx, event.CommentRemoved{Comment: c.id, Node: c.node, By: event.By{Actor: p.ID}}); err != nil {
			return err
		}
		return rm.publish(ctx, tx, overOf(c.id))
	})
}

const (
	noticeApp  = "comments"
	noticeType = "comment"
)

func overOf(id int64, to ...string) event.NoticeOver {
	return event.NoticeOver{App: noticeApp, Type: noticeType, Object: strconv.FormatInt(id, 10), To: to}
}

// telling is whom a comment mentions, and what those are told who see the file.
type telling struct {
	named []string
	event.Notice
}

// notice prepares what a comment tells those whom it mentions, but for its author
// and whom it mentioned before (33-notify-activity/082).
func (rm *Room) notice(ctx context.Context, p *who.Principal, e *files.Entry, c comment, before *comment) (t telling, err error) {
	known, err := rm.people(ctx, c)
	if err != nil {
		return t, err
	}
	all := choose(mentionsIn(c.message), known)
	var former []meant
	if before != nil {
		former = choose(mentionsIn(before.message), known)
	}
	for _, m := range all {
		if m.display != "" && !slices.ContainsFunc(former, func(f meant) bool { return f.id == m.id }) {
			t.named = append(t.named, m.id)
		}
	}
	if len(t.named) == 0 {
		return t, nil
	}
	viewers, err := rm.files.Viewers(ctx, e.ID)
	if err != nil {
		return t, err
	}
	for _, uid := range t.named {
		if uid != p.ID && slices.Contains(viewers[e.ID], uid) {
			t.To = append(t.To, uid)
		}
	}
	t.App, t.Type, t.Object = noticeApp, noticeType, strconv.FormatInt(c.id, 10)
	t.Subject = event.Say("{user} mentioned you in a comment on \"{file}\"")
	t.Link, t.Icon = fmt.Sprintf("/apps/comments/notifications/view/%d", c.id), "/core/img/actions/comment.svg"
	node := strconv.FormatInt(e.ID, 10)
	t.Params = map[string]event.RichObject{"user": {"type": "user", "id": p.ID, "name": p.Display},
		"file": {"type": "file", "id": node, "name": e.Name, "path": e.Name, "link": "/f/" + node}}
	t.Message = event.Written(t.rich(c.message, all))
	return t, nil
}

// rich is a message with parameters in place of mentions.
func (t *telling) rich(message string, all []meant) string {
	for i, m := range all {
		if m.display == "" {
			continue
		}
		key := fmt.Sprintf("mention-user%d", i+1)
		t.Params[key] = event.RichObject{"type": "user", "id": m.id, "name": m.display}
		message = strings.ReplaceAll(message, m.raw, "{"+key+"}")
	}
	return message
}

func (rm *Room) send(ctx context.Context, tx *db.DB, t telling) error {
	if len(t.To) == 0 {
		return nil
	}
	return rm.publish(ctx, tx, t.Notice)
}

// file finds a node that somebody sees.
func (rm *Room) file(ctx context.Context, p *who.Principal, node int64) (*files.Entry, error) {
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	seen, err := v.Seen(ctx, []int64{node})
	if err == nil && seen[node] == nil {
		err = fault.New(fault.NotFound, "Entity does not exist or is not available")
	}
	return seen[node], err
}

var errGone = fault.New(fault.NotFound, "There is no such comment.")

// view leads from a notice to the file that was commented on, and takes the notice
// back (33-notify-activity/083, 084).
func (rm *Room) view(w http.ResponseWriter, r *http.Request) error {
	ctx, p := r.Context(), who.From(r.Context())
	id, err := strconv.ParseInt(web.Param(r, "id"), 10, 64)
	if err != nil {
		return errGone
	}
	node, err := db.One(ctx, rm.db, db.Scan1[int64], "SELECT node FROM comment WHERE id = ?", id)
	if errors.Is(err, fault.NotFound) {
		return errGone
	}
	if err != nil {
		return err
	}
	if _, err := rm.file(ctx, p, node); err != nil {
		return err
	}
	if err := rm.db.Tx(ctx, func(tx *db.DB) error { return rm.publish(ctx, tx, overOf(id, p.ID)) }); err != nil {
		return err
	}
	http.Redirect(w, r, "/f/"+strconv.FormatInt(node, 10), http.StatusSeeOther)
	return nil
}
