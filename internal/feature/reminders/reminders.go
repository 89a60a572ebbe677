// Package reminders keeps when people want to be reminded of a file or folder
// (app files_reminders, 34-apps/105 to 113). A reminder is one's own: nobody else
// sees it. When it is due, and its owner still sees the file, they get a notice
// and it is gone.
package reminders

import (
	"context"
	"embed"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/files/tidy"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table reminder.
var Schema = db.Schema{Room: "reminders", Files: schema}

// Room keeps the reminders.
type Room struct {
	Now func() time.Time

	db      *db.DB
	files   *files.Service
	publish files.Publish
}

// New returns the room. The reminders of an account go with it.
func New(d *db.DB, f *files.Service, people *identity.Directory, publish files.Publish) *Room {
	people.OnRemoved(forget)
	return &Room{Now: time.Now, db: d, files: f, publish: publish}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	const path = " /apps/files_reminders/api/v1/{fileId}"
	ocs.Handle(b.OCS, "GET"+path, web.User, rm.get, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, "PUT"+path, web.User, rm.set, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, "DELETE"+path, web.User, rm.del, web.In(who.FilesRoom))
	b.DAV.Props("files", props{rm})
	b.Jobs.Every("@every 1m", "reminders.due", rm.Remind)
	b.Jobs.Every("daily 04:00", "reminders.tidy", rm.Tidy)
}

// file finds the node that a call names.
func (rm *Room) file(ctx context.Context, r *ocs.Request) (*files.Entry, error) {
	id, err := strconv.ParseInt(r.Path("fileId"), 10, 64)
	if err != nil {
		return nil, fault.New(fault.NotFound, "")
	}
	v, err := rm.files.As(ctx, r.Caller())
	if err != nil {
		return nil, err
	}
	seen, err := v.Seen(ctx, []int64{id})
	if err == nil && seen[id] == nil {
		err = fault.New(fault.NotFound, "")
	}
	return seen[id], err
}

// dueOf is when somebody wants to be reminded of a node, 0 if they do not.
func (rm *Room) dueOf(ctx context.Context, node int64, uid string) (int64, error) {
	due, err := db.One(ctx, rm.db, db.Scan1[int64], "SELECT due FROM reminder WHERE node = ? AND uid = ?", node, uid)
	if errors.Is(err, fault.NotFound) {
		return 0, nil
	}
	return due, err
}

// iso is a time as clients read it.
func iso(sec int64) string { return time.Unix(sec, 0).UTC().Format("2006-01-02T15:04:05-07:00") }

// get answers when the caller wants to be reminded.
func (rm *Room) get(ctx context.Context, r *ocs.Request) (any, error) {
	e, err := rm.file(ctx, r)
	if err != nil {
		return nil, err
	}
	due, err := rm.dueOf(ctx, e.ID, r.Caller().ID)
	out := struct {
		Due *string `json:"dueDate"`
	}{}
	if due != 0 {
		s := iso(due)
		out.Due = &s
	}
	return out, err
}

// parse reads a due date: RFC 3339, to the second.
func parse(s string) (int64, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1970 && t.Year() < 9999 && t.Unix() > 0 {
			return t.Unix(), nil
		}
	}
	return 0, fault.New(fault.Invalid, "The due date must be a time such as 2030-01-01T10:00:00+00:00.")
}

// set notes when the caller wants to be reminded. One in the past is due at once,
// as recorded (34-apps/110).
func (rm *Room) set(ctx context.Context, r *ocs.Request) (any, error) {
	e, err := rm.file(ctx, r)
	if err != nil {
		return nil, err
	}
	text, err := r.Param("dueDate")
	if err != nil {
		return nil, err
	}
	due, err := parse(text)
	if err != nil {
		return nil, err
	}
	had, err := rm.dueOf(ctx, e.ID, r.Caller().ID)
	if err != nil {
		return nil, err
	}
	_, err = rm.db.Exec(ctx, "INSERT INTO reminder (node, uid, due) VALUES (?, ?, ?) {{on node,uid set due}}", e.ID, r.Caller().ID, due)
	if err != nil || had != 0 {
		return nil, err
	}
	return ocs.Answer{Status: http.StatusCreated}, nil
}

// del forgets a reminder, also of a file that the caller does not see any more.
func (rm *Room) del(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := strconv.ParseInt(r.Path("fileId"), 10, 64)
	if err != nil {
		return nil, fault.New(fault.NotFound, "")
	}
	n, err := rm.db.Exec(ctx, "DELETE FROM reminder WHERE node = ? AND uid = ?", id, r.Caller().ID)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "")
	}
	return nil, err
}

// entry is a reminder.
type entry struct {
	node int64
	uid  string
	due  int64
}

func scan(r db.Row) (e entry, err error) { return e, r.Scan(&e.node, &e.uid, &e.due) }

// batch is how many reminders are looked at together.
const batch = 200

// Remind tells people what is due.
func (rm *Room) Remind(ctx context.Context) error {
	for {
		due, err := db.List(ctx, rm.db, scan, "SELECT node, uid, due FROM reminder WHERE due <= ? ORDER BY due, node, uid LIMIT ?", rm.Now().Unix(), batch)
		if err != nil || len(due) == 0 {
			return err
		}
		ids := make([]int64, len(due))
		for i, e := range due {
			ids[i] = e.node
		}
		viewers, err := rm.files.Viewers(ctx, ids...)
		if err != nil {
			return err
		}
		chains, err := rm.files.Chains(ctx, ids...)
		if err != nil {
			return err
		}
		for _, e := range due {
			name := ""
			if chain := chains[e.node]; len(chain) > 0 && slices.Contains(viewers[e.node], e.uid) {
				name = chain[len(chain)-1].Name
			}
			if err := rm.remind(ctx, e, name); err != nil {
				return err
			}
		}
	}
}

// remind ends a reminder and tells its owner, if they still see the file under a
// name. One that was put off meanwhile stays.
func (rm *Room) remind(ctx context.Context, e entry, name string) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "DELETE FROM reminder WHERE node = ? AND uid = ? AND due = ?", e.node, e.uid, e.due)
		if err != nil || n == 0 || name == "" {
			return err
		}
		if err := rm.publish(ctx, tx, event.ReminderDue{Node: e.node, UID: e.uid, Due: e.due}); err != nil {
			return err
		}
		node := strconv.FormatInt(e.node, 10)
		link := "/f/" + node
		return rm.publish(ctx, tx, event.Notice{To: []string{e.uid}, App: "files_reminders", Type: "reminder", Object: fmt.Sprintf("%d-%d", e.node, e.due),
			Subject: event.Say("Reminder for {name}"), Link: link, Icon: "/core/img/actions/alarm.svg",
			Params:  map[string]event.RichObject{"name": {"type": "file", "id": node, "name": name, "path": name, "link": link}},
			Actions: []event.NoticeAction{{Label: event.Say("View file"), Link: link, Method: "WEB", Primary: true}}})
	})
}

// Tidy forgets reminders of what was purged.
func (rm *Room) Tidy(ctx context.Context) error {
	return tidy.Table(ctx, rm.db, rm.files, "SELECT DISTINCT node FROM reminder WHERE node > ? ORDER BY node LIMIT ?", "DELETE FROM reminder WHERE node IN (?)")
}

func forget(ctx context.Context, tx *db.DB, uid string) error {
	_, err := tx.Exec(ctx, "DELETE FROM reminder WHERE uid = ?", uid)
	return err
}

// props tells nc:reminder-due-date, empty for none.
type props struct{ *Room }

// Default implements dav.Props.
func (props) Default() []xml.Name { return nil }

// Open implements dav.Props: one statement for each batch that is asked for it.
func (p props) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	i := slices.Index(want, xml.Name{Space: dav.NSNC, Local: "reminder-due-date"})
	me := who.From(ctx)
	if i < 0 || me == nil {
		return set, nil
	}
	due := map[int64]int64{}
	set.Load = func(ctx context.Context, batch []dav.Resource) error {
		ids := make([]int64, 0, len(batch))
		for _, r := range batch {
			if e, ok := r.Value.(*files.Entry); ok {
				ids = append(ids, e.ID)
			}
		}
		clear(due)
		if len(ids) == 0 {
			return nil
		}
		for e, err := range db.All(ctx, p.db, scan, "SELECT node, uid, due FROM reminder WHERE node IN (?) AND uid = ?", ids, me.ID) {
			if err != nil {
				return err
			}
			due[e.node] = e.due
		}
		return nil
	}
	set.Writers[i] = func(b []byte, r *dav.Resource) ([]byte, bool) {
		e, ok := r.Value.(*files.Entry)
		if at := due[entryID(e)]; ok && at != 0 {
			b = append(b, iso(at)...)
		}
		return b, ok
	}
	return set, nil
}

func entryID(e *files.Entry) int64 {
	if e == nil {
		return 0
	}
	return e.ID
}

var _ dav.Props = props{}
