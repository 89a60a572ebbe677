package tags

import (
	"context"
	"encoding/xml"
	"strconv"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// tagProps are the properties of tags, in all three mounts.
type tagProps struct{ *Room }

// Default implements dav.Props (16-dav-systemtags/016).
func (tagProps) Default() []xml.Name { return []xml.Name{dv("resourcetype"), dv("getetag")} }

// tagOf is the tag of a resource, if it is one.
func tagOf(r *dav.Resource) (Tag, bool) {
	switch v := r.Value.(type) {
	case Tag:
		return v, true
	case relation:
		return v.Tag, true
	case use:
		return v.Tag, true
	}
	return Tag{}, false
}

// tagWriter appends a property of a tag.
type tagWriter func(b []byte, t Tag) []byte

var plain = map[xml.Name]tagWriter{
	oc("id"):              func(b []byte, t Tag) []byte { return strconv.AppendInt(b, t.ID, 10) },
	oc("display-name"):    func(b []byte, t Tag) []byte { return dav.AppendText(b, t.Name) },
	oc("user-visible"):    func(b []byte, t Tag) []byte { return strconv.AppendBool(b, t.Visible) },
	oc("user-assignable"): func(b []byte, t Tag) []byte { return strconv.AppendBool(b, t.Assignable) },
	nc("color"):           func(b []byte, t Tag) []byte { return append(b, t.Color...) },
}

// Open implements dav.Props.
func (p tagProps) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	s := &shelf{room: p.Room, who: who.From(ctx)}
	for i, name := range want {
		if w := plain[name]; w != nil {
			set.Writers[i] = onTags(w)
			continue
		}
		switch name {
		case dv("resourcetype"):
			set.Writers[i] = dav.ResourceType
		case dv("getetag"):
			set.Writers[i] = func(b []byte, r *dav.Resource) ([]byte, bool) { return dav.AppendText(b, r.ETag), r.ETag != "" }
		case oc("can-assign"):
			v, err := p.viewerOf(ctx, s.who)
			if err != nil {
				return set, err
			}
			set.Writers[i] = onTags(func(b []byte, t Tag) []byte { return strconv.AppendBool(b, v.mayAssign(t)) })
		case oc("groups"):
			set.Writers[i], s.wantGroups, set.Load = s.groupsOf, true, s.load
		case nc("files-assigned"):
			set.Writers[i] = inUse(func(u use) int64 { return u.files })
		case nc("reference-fileid"):
			set.Writers[i] = inUse(func(u use) int64 { return u.example })
		case nc("object-ids"):
			set.Writers[i], s.wantObjects, set.Load = s.objectIDs, true, s.load
		}
	}
	return set, nil
}

func onTags(w tagWriter) dav.Writer {
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		t, ok := tagOf(r)
		if !ok {
			return b, false
		}
		return w(b, t), true
	}
}

// inUse writes a number of a tag in use, -1 where that is not counted.
func inUse(f func(u use) int64) dav.Writer {
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		switch v := r.Value.(type) {
		case use:
			return strconv.AppendInt(b, f(v), 10), true
		case Tag:
			return append(b, "-1"...), true
		}
		return b, false
	}
}

// shelf is what a batch of tags needs from the tables.
type shelf struct {
	room                    *Room
	who                     *who.Principal
	wantGroups, wantObjects bool
	groups                  map[int64][]string
	nodes                   map[int64][]int64 // that the caller sees
}

func (s *shelf) load(ctx context.Context, batch []dav.Resource) (err error) {
	var ids []int64
	for _, r := range batch {
		if t, ok := tagOf(&r); ok {
			ids = append(ids, t.ID)
		} else if o, ok := r.Value.(objects); ok {
			ids = append(ids, o.ID)
		}
	}
	if s.wantGroups && s.who.Role == who.Admin {
		if s.groups, err = s.room.groupsOf(ctx, ids); err != nil {
			return err
		}
	}
	if s.wantObjects && len(batch) == 1 && len(ids) == 1 { // a catalogue with all files of all tags is of no use to anybody
		s.nodes = map[int64][]int64{}
		s.nodes[ids[0]], err = s.room.visibleCarriers(ctx, s.who, Tag{ID: ids[0]})
	}
	return err
}

// groupsOf writes oc:groups, for administrators; to others it is not there
// (16-dav-systemtags/013 has 403 for the whole listing).
func (s *shelf) groupsOf(b []byte, r *dav.Resource) ([]byte, bool) {
	t, ok := tagOf(r)
	if !ok || s.who.Role != who.Admin {
		return b, false
	}
	for i, g := range s.groups[t.ID] {
		if i > 0 {
			b = append(b, '|')
		}
		b = dav.AppendText(b, g)
	}
	return b, true
}

func (s *shelf) objectIDs(b []byte, r *dav.Resource) ([]byte, bool) {
	var id int64
	switch v := r.Value.(type) {
	case Tag:
		id = v.ID
	case objects:
		id = v.ID
	default:
		return b, false
	}
	for _, node := range s.nodes[id] {
		b = append(b, "<nc:object-ids><nc:id>"...)
		b = strconv.AppendInt(b, node, 10)
		b = append(b, "</nc:id><nc:type>files</nc:type></nc:object-ids>"...)
	}
	return b, true
}

// fileProps tells the tags of files: nc:system-tags.
type fileProps struct{ *Room }

// Default implements dav.Props.
func (fileProps) Default() []xml.Name { return nil }

// Open implements dav.Props: one statement for each batch that is asked for its
// tags, and one for the caller's groups if there are restricted tags among them.
func (p fileProps) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	for i, name := range want {
		if name == nc("system-tags") {
			l := &labels{room: p.Room, v: viewer{who: who.From(ctx)}}
			set.Writers[i], set.Load = l.write, l.load
		}
	}
	return set, nil
}

// labels are the tags of a batch of files.
type labels struct {
	room  *Room
	v     viewer
	asked bool
	of    map[int64][]Tag
}

func (l *labels) load(ctx context.Context, batch []dav.Resource) (err error) {
	ids := make([]int64, 0, len(batch))
	for _, r := range batch {
		if e, ok := r.Value.(*files.Entry); ok {
			ids = append(ids, e.ID)
		}
	}
	if l.of, err = l.room.on(ctx, ids); err != nil || l.asked {
		return err
	}
	for _, ts := range l.of {
		for _, t := range ts {
			if t.Visible && !t.Assignable && !l.asked {
				l.asked = true
				if l.v, err = l.room.viewerOf(ctx, l.v.who); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (l *labels) write(b []byte, r *dav.Resource) ([]byte, bool) {
	e, ok := r.Value.(*files.Entry)
	if !ok {
		return b, false
	}
	for _, t := range l.of[e.ID] {
		if !l.v.sees(t) {
			continue
		}
		b = append(b, `<nc:system-tag oc:can-assign="`...)
		b = strconv.AppendBool(b, l.v.mayAssign(t))
		b = strconv.AppendInt(append(b, `" oc:id="`...), t.ID, 10)
		b = strconv.AppendBool(append(b, `" oc:user-assignable="`...), t.Assignable)
		b = strconv.AppendBool(append(b, `" oc:user-visible="`...), t.Visible)
		b = append(append(b, `" nc:color="`...), t.Color...)
		b = dav.AppendText(append(b, `">`...), t.Name)
		b = append(b, "</nc:system-tag>"...)
	}
	return b, true
}

var (
	_ dav.Props = tagProps{}
	_ dav.Props = fileProps{}
)
