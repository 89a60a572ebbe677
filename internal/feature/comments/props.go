package comments

import (
	"context"
	"encoding/xml"
	"net/http"
	"strconv"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// commentProps are the properties of comments.
type commentProps struct{ *Room }

// Default implements dav.Props (15-dav-comments/017).
func (commentProps) Default() []xml.Name {
	out := []xml.Name{dv("resourcetype"), oc("readMarker")}
	for _, n := range [...]string{"id", "parentId", "topmostParentId", "childrenCount", "message", "verb", "actorType", "actorId", "creationDateTime",
		"latestChildDateTime", "objectType", "objectId", "referenceId", "metaData", "reactions", "expireDate", "actorDisplayName", "mentions", "isUnread"} {
		out = append(out, oc(n))
	}
	return out
}

// What an author is called whose account is gone.
const (
	goneType = "deleted_users"
	goneName = "Deleted user"
)

// writer appends a property of a comment.
type writer func(b []byte, m *remark) []byte

func says(text string) writer { return func(b []byte, _ *remark) []byte { return append(b, text...) } }

func orGone(uid, otherwise string) string {
	if uid == "" {
		return goneType
	}
	return otherwise
}

// simple are the properties that need nothing but the comment.
var simple = map[xml.Name]writer{
	oc("id"):                  func(b []byte, m *remark) []byte { return strconv.AppendInt(b, m.id, 10) },
	oc("message"):             func(b []byte, m *remark) []byte { return dav.AppendText(b, m.message) },
	oc("actorType"):           func(b []byte, m *remark) []byte { return append(b, orGone(m.uid, "users")...) },
	oc("actorId"):             func(b []byte, m *remark) []byte { return dav.AppendText(b, orGone(m.uid, m.uid)) },
	oc("creationDateTime"):    func(b []byte, m *remark) []byte { return m.time().UTC().AppendFormat(b, http.TimeFormat) },
	oc("objectId"):            func(b []byte, m *remark) []byte { return strconv.AppendInt(b, m.node, 10) },
	oc("objectType"):          says("files"),
	oc("verb"):                says("comment"),
	oc("parentId"):            says("0"),
	oc("topmostParentId"):     says("0"),
	oc("childrenCount"):       says("0"),
	oc("latestChildDateTime"): says(""),
}

// unreported are those that reports leave out.
var unreported = map[xml.Name]writer{oc("referenceId"): says(""), oc("metaData"): says(""), oc("reactions"): says(""), oc("expireDate"): says("")}

// Open implements dav.Props: what accounts are called costs one statement for each
// batch, what is unread one for each request.
func (p commentProps) Open(ctx context.Context, top dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	s := &sight{room: p.Room, me: who.From(ctx).ID}
	for i, name := range want {
		switch {
		case simple[name] != nil:
			set.Writers[i] = of(simple[name])
		case unreported[name] != nil:
			set.Writers[i] = unlessReported(of(unreported[name]))
		case name == dv("resourcetype"):
			set.Writers[i] = unlessReported(dav.ResourceType)
		case name == oc("actorDisplayName"):
			set.Writers[i], set.Load = of(s.author), s.load
		case name == oc("mentions"):
			set.Writers[i], set.Load = of(s.mentions), s.load
		case name == oc("isUnread"), name == oc("readMarker"):
			if err := s.readMark(ctx, top); err != nil {
				return set, err
			}
			set.Writers[i] = s.readMarker
			if name == oc("isUnread") {
				set.Writers[i] = of(s.isUnread)
			}
		}
	}
	return set, nil
}

func of(w writer) dav.Writer {
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		m, ok := r.Value.(remark)
		if !ok {
			return b, false
		}
		return w(b, &m), true
	}
}

func unlessReported(w dav.Writer) dav.Writer {
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		if m, ok := r.Value.(remark); ok && m.reported {
			return b, false
		}
		return w(b, r)
	}
}

// sight is what one request needs to know beside the comments.
type sight struct {
	room   *Room
	me     string
	known  map[string]string // names of the accounts in a batch
	marked int64             // read until, µs
	asked  bool
}

func (s *sight) load(ctx context.Context, batch []dav.Resource) (err error) {
	var cs []comment
	for _, r := range batch {
		if m, ok := r.Value.(remark); ok {
			cs = append(cs, m.comment)
		}
	}
	s.known, err = s.room.people(ctx, cs...)
	return err
}

func (s *sight) readMark(ctx context.Context, top dav.Resource) (err error) {
	var node int64
	switch v := top.Value.(type) {
	case thread:
		node = v.ID
	case remark:
		node = v.node
	}
	if s.asked || node == 0 {
		return nil
	}
	s.asked = true
	s.marked, err = s.room.marked(ctx, node, s.me)
	return err
}

func (s *sight) author(b []byte, m *remark) []byte {
	if m.uid == "" {
		return append(b, goneName...)
	}
	if name, ok := s.known[m.uid]; ok {
		return dav.AppendText(b, name)
	}
	return dav.AppendText(b, m.uid)
}

// unknownName is what an account is called that there is not.
const unknownName = "Unknown account"

func (s *sight) mentions(b []byte, m *remark) []byte {
	for _, v := range choose(mentionsIn(m.message), s.known) {
		name := v.display
		if name == "" {
			name = unknownName
		}
		b = append(b, "<oc:mention><oc:mentionType>user</oc:mentionType><oc:mentionId>"...)
		b = dav.AppendText(b, v.id)
		b = append(b, "</oc:mentionId><oc:mentionDisplayName>"...)
		b = dav.AppendText(b, name)
		b = append(b, "</oc:mentionDisplayName></oc:mention>"...)
	}
	return b
}

func (s *sight) isUnread(b []byte, m *remark) []byte {
	return strconv.AppendBool(b, m.uid != s.me && m.made > s.marked)
}

func (s *sight) readMarker(b []byte, r *dav.Resource) ([]byte, bool) {
	if _, ok := r.Value.(thread); !ok {
		return b, false
	}
	if s.marked == 0 {
		return b, true
	}
	c := comment{made: s.marked}
	return c.time().UTC().AppendFormat(b, http.TimeFormat), true
}

// fileProps tells of files how many comments there are: oc:comments-count,
// oc:comments-unread and oc:comments-href.
type fileProps struct{ *Room }

// Default implements dav.Props.
func (fileProps) Default() []xml.Name { return nil }

// Open implements dav.Props: one statement for each batch whose numbers are asked
// for.
func (p fileProps) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	n := &numbers{room: p.Room, me: who.From(ctx)}
	for i, name := range want {
		switch name {
		case oc("comments-count"):
			set.Writers[i], set.Load = n.write(func(c counts) int64 { return c.all }), n.load
		case oc("comments-unread"):
			set.Writers[i], set.Load = n.write(func(c counts) int64 { return c.unread }), n.load
		case oc("comments-href"):
			set.Writers[i] = func(b []byte, r *dav.Resource) ([]byte, bool) {
				e, ok := r.Value.(*files.Entry)
				if !ok {
					return b, false
				}
				return strconv.AppendInt(append(b, "/remote.php/dav/comments/files/"...), e.ID, 10), true
			}
		}
	}
	return set, nil
}

// numbers are those of a batch of files.
type numbers struct {
	room *Room
	me   *who.Principal
	of   map[int64]counts
}

func (n *numbers) load(ctx context.Context, batch []dav.Resource) (err error) {
	ids := make([]int64, 0, len(batch))
	for _, r := range batch {
		if e, ok := r.Value.(*files.Entry); ok {
			ids = append(ids, e.ID)
		}
	}
	uid := ""
	if n.me != nil {
		uid = n.me.ID
	}
	n.of, err = n.room.countsOf(ctx, ids, uid)
	return err
}

func (n *numbers) write(f func(counts) int64) dav.Writer {
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		e, ok := r.Value.(*files.Entry)
		if !ok {
			return b, false
		}
		return strconv.AppendInt(b, f(n.of[e.ID]), 10), true
	}
}

var (
	_ dav.Props = commentProps{}
	_ dav.Props = fileProps{}
)
