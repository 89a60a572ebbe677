package activity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// item is an entry as clients see it (33-notify-activity/041).
type item struct {
	ID          int64             `json:"activity_id"`
	App         string            `json:"app"`
	Type        string            `json:"type"`
	User        string            `json:"user"`
	Subject     string            `json:"subject"`
	SubjectRich [2]any            `json:"subject_rich"`
	Message     string            `json:"message"`
	MessageRich [2]any            `json:"message_rich"`
	ObjectType  string            `json:"object_type"`
	ObjectID    int64             `json:"object_id"`
	ObjectName  string            `json:"object_name"`
	Objects     map[string]string `json:"objects"`
	Link        string            `json:"link"`
	Icon        string            `json:"icon"`
	At          string            `json:"datetime"`
	Previews    []preview         `json:"previews,omitempty"`
}

// preview is a picture of what an entry is about (33-notify-activity/049).
type preview struct {
	Link   string `json:"link"`
	Source string `json:"source"`
	Mime   string `json:"mimeType"`
	IsIcon bool   `json:"isMimeTypeIcon"`
	FileID int64  `json:"fileId"`
	View   string `json:"view"`
	Name   string `json:"filename"`
	Path   string `json:"filePath,omitempty"`
}

// filterKind is a filter that clients offer (33-notify-activity/065).
type filterKind struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Icon     string `json:"icon"`
	Priority int    `json:"priority"`
}

var filters = [...]struct {
	filter
	names    event.Words
	icon     string
	priority int
}{
	{filter{id: "all"}, event.Say("All activities"), "/apps/activity/img/activity-dark.svg", 0},
	{filter{id: "self", self: true}, event.Say("By you"), "/core/img/actions/user.svg", 1},
	{filter{id: "by", others: true}, event.Say("By others"), "/core/img/places/contacts.svg", 2},
	{filter{id: "files", family: ofFiles}, event.Say("File changes"), "/core/img/places/files.svg", 30},
	{filter{id: "security", family: ofSecurity}, event.Say("Security"), "/core/img/actions/password.svg", 30},
	{filter{id: "files_sharing", family: ofShares}, event.Say("File shares"), "/core/img/actions/share.svg", 31},
	{filter{id: "comments", family: ofComments}, event.Say("Comments"), "/core/img/actions/comment.svg", 40},
}

func filterList(ctx context.Context, r *ocs.Request) (any, error) {
	base, in := web.VisitOf(ctx).Base(), web.Tongue(r.Request)
	out := make([]filterKind, 0, len(filters))
	for _, f := range filters {
		out = append(out, filterKind{f.id, f.names.In(in), base + f.icon, f.priority})
	}
	return out, nil
}

// byObject is the filter for what is about one object.
const byObject = "filter"

// question is what a call asks for.
type question struct {
	filter
	path       string // of the call, below /ocs/v2.php
	since      int64
	limit      int
	order      order
	objectType string
	previews   bool
	format     string
}

// The bounds of a page.
const (
	defaultLimit = 50
	maxLimit     = 200
)

var errNoFilter = ocs.Fail(http.StatusNotFound, "")

func ask(r *ocs.Request) (q question, err error) {
	p, err := r.Params()
	if err != nil {
		return q, err
	}
	q.path, q.format, q.objectType = r.URL.Path, r.URL.Query().Get("format"), p.Get("object_type")
	name := r.Path("filter")
	found := name == "" || name == byObject
	for _, f := range filters {
		if f.id == name {
			q.filter, found = f.filter, true
		}
	}
	if !found {
		return q, errNoFilter
	}
	if q.since, err = r.Int("since", 0); err != nil {
		return q, err
	}
	limit, err := r.Int("limit", defaultLimit)
	if err != nil {
		return q, err
	}
	q.limit = int(max(0, min(limit, maxLimit)))
	if p.Get("sort") == "asc" {
		q.order = oldest
	}
	if q.objectType != "" && name == byObject {
		if q.node, err = r.Int("object_id", 0); err != nil {
			return q, err
		}
		if q.objectType != "files" || q.node <= 0 {
			q.node = -1 // nothing is about it
		}
	}
	q.previews, err = r.Bool("previews")
	return q, err
}

// list answers GET …/activity and …/activity/{filter}. What follows is told by
// headers; nothing to show is 304, whether or not the client knew
// (33-notify-activity/041 to 072).
func (rm *Room) list(ctx context.Context, r *ocs.Request) (any, error) {
	q, err := ask(r)
	if err != nil {
		return nil, err
	}
	u, err := rm.userOf(ctx, r.Caller())
	if err != nil {
		return nil, err
	}
	me, err := rm.readerOf(ctx, u, r.Caller())
	if err != nil {
		return nil, err
	}
	head := http.Header{}
	known, err := rm.knows(ctx, me, q.since)
	if err != nil {
		return nil, err
	}
	if !known {
		q.since = 0
		first, err := rm.edge(ctx, me, q.order)
		if err != nil {
			return nil, err
		}
		if first > 0 {
			head.Set("X-Activity-First-Known", strconv.FormatInt(first, 10))
		}
	}
	p := page{}
	if q.limit > 0 {
		if p, err = rm.read(ctx, me, q.filter, q.order, q.since, q.limit); err != nil {
			return nil, err
		}
	}
	base := web.VisitOf(ctx).Base()
	if p.last > 0 {
		head.Set("X-Activity-Last-Given", strconv.FormatInt(p.last, 10))
	}
	if p.more {
		head.Set("Link", "<"+base+q.next(p.last)+`>; rel="next"`)
	}
	items, entries, err := rm.items(ctx, me, q, p.entries, base)
	if err != nil {
		return nil, err
	}
	tag, err := tagOf(items)
	if err != nil {
		return nil, err
	}
	head["Etag"] = []string{tag}
	if len(items) == 0 || r.Header.Get("If-None-Match") == tag {
		return ocs.Answer{Status: http.StatusNotModified, Header: head}, nil
	}
	if q.previews {
		err = rm.addPreviews(ctx, r, items, entries, base)
	}
	return ocs.Answer{Data: items, Header: head}, err
}

// next is the address of what follows.
func (q question) next(last int64) string {
	sort := "desc"
	if q.order == oldest {
		sort = "asc"
	}
	s := fmt.Sprintf("%s?since=%d&limit=%d&sort=%s", q.path, last, q.limit, sort)
	if q.node > 0 {
		s += fmt.Sprintf("&object_type=%s&object_id=%d", url.QueryEscape(q.objectType), q.node)
	}
	if q.format != "" {
		s += "&format=" + url.QueryEscape(q.format)
	}
	return s
}

// tagOf is the ETag, which stands without quotes here.
func tagOf(items []item) (string, error) {
	b, err := json.Marshal(items)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16]), err
}

// items writes entries for a reader. Beside a file they say less, and stand alone.
func (rm *Room) items(ctx context.Context, me *reader, q question, entries []entry, base string) ([]item, []entry, error) {
	s := brief
	if q.node == 0 {
		entries, s = together(entries), whole
	}
	n := names{rm, map[string]known{}}
	out := make([]item, 0, len(entries))
	for _, e := range entries {
		x, err := n.item(ctx, e, me, base, s)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, x)
	}
	return out, entries, nil
}

func (n names) item(ctx context.Context, e entry, me *reader, base string, s style) (item, error) {
	said, err := n.say(ctx, e, me, base, s)
	if err != nil {
		return item{}, err
	}
	message := sentence{"", map[string]event.RichObject{}}
	if t := e.more.Told; t != nil {
		text := t.Message.In(me.tongue)
		message = sentence{text, event.Used(text, t.Params)}
		said.params = event.Used(said.text, said.params)
	}
	text := message.plain()
	if e.kind == commented {
		if text, message, err = n.comment(ctx, e); err != nil {
			return item{}, err
		}
	}
	x := item{ID: e.id, App: appOf(e.fact), Type: typeOf(e.fact), User: e.actor, Subject: said.plain(), SubjectRich: [2]any{said.text, said.params},
		Message: text, MessageRich: [2]any{message.text, message.params}, Objects: map[string]string{},
		Link: linkOf(e, base), Icon: base + iconOf(e.fact), At: stamp(e.at)}
	x.ObjectType, x.ObjectID, x.ObjectName = objectOf(e)
	if x.ObjectType != "" {
		x.Objects[strconv.FormatInt(x.ObjectID, 10)] = x.ObjectName
	}
	for _, other := range e.also {
		_, id, name := objectOf(other)
		x.Objects[strconv.FormatInt(id, 10)] = name
	}
	return x, nil
}

// addPreviews adds pictures of the files that the entries are about, as they are
// now, with one question about where they are.
func (rm *Room) addPreviews(ctx context.Context, r *ocs.Request, items []item, entries []entry, base string) error {
	var ids []int64
	each := func(f func(i int, e entry)) {
		for i, e := range entries {
			if items[i].ObjectType != "files" {
				continue
			}
			f(i, e.alone())
			for _, other := range e.also {
				f(i, other)
			}
		}
	}
	each(func(_ int, e entry) { ids = append(ids, e.node) })
	seen := map[int64]*files.Entry{}
	if len(ids) > 0 && r.Caller().MaySeeFiles() {
		v, err := rm.files.As(ctx, r.Caller())
		if err != nil {
			return err
		}
		if seen, err = v.Seen(ctx, ids); err != nil {
			return err
		}
	}
	each(func(i int, e entry) {
		items[i].Previews = append(items[i].Previews, previewOf(e, seen[e.node], r.Caller().ID, base))
	})
	return nil
}

func previewOf(e entry, now *files.Entry, uid, base string) preview {
	n := strconv.FormatInt(e.node, 10)
	p := preview{Link: base + "/f/" + n, FileID: e.node, Name: last(e.place), View: "files", IsIcon: true,
		Mime: kindOf(last(e.place))}
	switch {
	case now == nil:
		p.View = "trashbin"
	case now.IsDir():
		p.Mime, p.Path = "dir", "/"+uid+"/files"+now.Path
	default:
		p.Name, p.Mime, p.Path = last(now.Path), now.Mime, "/"+uid+"/files"+now.Path
		p.IsIcon = !pictured(now.Mime)
	}
	if p.IsIcon {
		p.Source = base + "/apps/theming/img/core/filetypes/" + iconFor(p.Mime) + ".svg"
	} else {
		p.Source = fmt.Sprintf("%s/core/preview?forceIcon=0&a=0&x=250&y=250&fileId=%s&c=%x", base, n, uint64(now.ETag))
	}
	return p
}

// kindOf is the media type that a name tells of.
func kindOf(name string) string {
	kind, _, _ := strings.Cut(mime.TypeByExtension(path.Ext(name)), ";")
	if kind == "" {
		return "application/octet-stream"
	}
	return kind
}

// pictured tells whether there are previews of a media type.
func pictured(kind string) bool {
	for _, p := range []string{"image/", "text/", "video/", "application/pdf"} {
		if strings.HasPrefix(kind, p) {
			return true
		}
	}
	return false
}

func iconFor(kind string) string {
	if kind == "dir" {
		return "folder"
	}
	family, _, _ := strings.Cut(kind, "/")
	switch family {
	case "image", "text", "video", "audio":
		return family
	}
	if kind == "application/pdf" {
		return "application-pdf"
	}
	return "file"
}

// legacyItem is an entry of the oldest API (33-notify-activity/071).
type legacyItem struct {
	ID      int64  `json:"id"`
	Subject string `json:"subject"`
	Message string `json:"message"`
	File    string `json:"file"`
	Link    string `json:"link"`
	At      string `json:"date"`
}

// The bounds of the oldest API, which counts from the newest.
const (
	legacyCount = 30
	legacyMost  = 1000
)

func (rm *Room) legacy(ctx context.Context, r *ocs.Request) (any, error) {
	count, err := r.Int("count", legacyCount)
	if err != nil {
		return nil, err
	}
	start, err := r.Int("start", 0)
	if err != nil {
		return nil, err
	}
	if count < 0 || start < 0 || count > maxLimit || start > legacyMost {
		return nil, fault.New(fault.Invalid, "At most 200 entries can be asked for, of the newest 1,000.")
	}
	u, err := rm.userOf(ctx, r.Caller())
	if err != nil {
		return nil, err
	}
	me, err := rm.readerOf(ctx, u, r.Caller())
	if err != nil {
		return nil, err
	}
	p, err := rm.read(ctx, me, filter{}, newest, 0, int(start+count))
	if err != nil {
		return nil, err
	}
	items, _, err := rm.items(ctx, me, question{}, p.entries, web.VisitOf(ctx).Base())
	if err != nil {
		return nil, err
	}
	out := []legacyItem{}
	for _, x := range items[min(int(start), len(items)):] {
		out = append(out, legacyItem{x.ID, x.Subject, x.Message, x.ObjectName, x.Link, x.At})
	}
	return out, nil
}
