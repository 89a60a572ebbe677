package photos

import (
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"

	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

func nc(name string) xml.Name { return xml.Name{Space: dav.NSNC, Local: name} }
func oc(name string) xml.Name { return xml.Name{Space: dav.NSOC, Local: name} }
func dv(name string) xml.Name { return xml.Name{Space: dav.NSDAV, Local: name} }

// props are those of albums, and of files those that files have where they lie.
type props struct{ *Room }

// Default implements dav.Props.
func (props) Default() []xml.Name { return []xml.Name{dv("resourcetype")} }

// writers are the properties of albums and of their collection (17-dav-misc/085).
var writers = map[xml.Name]func(b []byte, a *album) []byte{
	nc("nbItems"):  func(b []byte, a *album) []byte { return strconv.AppendInt(b, int64(len(a.entries)), 10) },
	nc("location"): func(b []byte, a *album) []byte { return dav.AppendText(b, a.location) },
	nc("last-photo"): func(b []byte, a *album) []byte {
		if len(a.entries) == 0 {
			return append(b, "-1"...)
		}
		return strconv.AppendInt(b, a.entries[len(a.entries)-1].ID, 10)
	},
	nc("dateRange"): func(b []byte, a *album) []byte {
		if len(a.entries) == 0 {
			return append(b, `{&quot;start&quot;:null,&quot;end&quot;:null}`...)
		}
		first, last := a.entries[0].MTime, a.entries[0].MTime
		for _, e := range a.entries {
			if e.MTime.Before(first) {
				first = e.MTime
			}
			if e.MTime.After(last) {
				last = e.MTime
			}
		}
		return fmt.Appendf(b, `{&quot;start&quot;:%d,&quot;end&quot;:%d}`, first.Unix(), last.Unix())
	},
}

// plain is a file as the rooms of files know it; false for what is none.
func plain(r dav.Resource) (dav.Resource, bool) {
	switch v := r.Value.(type) {
	case *files.Entry:
		return r, true
	case borrowed:
		r.Value = v.Entry
		return r, true
	}
	return r, false
}

// shownOfLent are the properties that somebody sees of a file that is not theirs. The
// others, such as whom it is shared with, are its owner's to know.
var shownOfLent = map[xml.Name]bool{
	dv("getcontentlength"): true, dv("getcontenttype"): true, dv("getetag"): true, dv("getlastmodified"): true, dv("displayname"): true, dv("resourcetype"): true,
	oc("fileid"): true, oc("id"): true, oc("permissions"): true, oc("favorite"): true, oc("size"): true,
	nc("metadata-photos-size"): true, nc("metadata-photos-original_date_time"): true,
}

// Open implements dav.Props.
func (ps props) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set, err := ps.props.Open(ctx, dav.Resource{}, want)
	if err != nil {
		return set, err
	}
	g := &guests{room: ps.Room}
	load := set.Load
	set.Load = func(ctx context.Context, batch []dav.Resource) error {
		var there []dav.Resource
		for _, r := range batch {
			if r, ok := plain(r); ok {
				there = append(there, r)
			}
		}
		if load != nil && len(there) > 0 {
			if err := load(ctx, there); err != nil {
				return err
			}
		}
		if !slices.Contains(want, nc("collaborators")) {
			return nil
		}
		return g.load(ctx, batch)
	}
	for i, name := range want {
		set.Writers[i] = writerOf(name, set.Writers[i])
		if name == nc("collaborators") {
			set.Writers[i] = g.write
		}
	}
	return set, nil
}

// writerOf writes a property of whatever lies here; ofFile is that of files.
func writerOf(name xml.Name, ofFile dav.Writer) dav.Writer {
	ofAlbum := writers[name]
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		switch v := r.Value.(type) {
		case *files.Entry, borrowed:
			return writeOfFile(b, r, name, ofFile)
		case *album:
			if ofAlbum != nil {
				return ofAlbum(b, v), true
			}
		case list:
			if name == nc("nbItems") {
				return strconv.AppendInt(b, int64(len(v.albums)), 10), true
			}
		}
		if name == dv("resourcetype") {
			return dav.ResourceType(b, r)
		}
		return b, false
	}
}

func writeOfFile(b []byte, r *dav.Resource, name xml.Name, ofFile dav.Writer) ([]byte, bool) {
	_, lent := r.Value.(borrowed)
	switch {
	case name == nc("photos-album-file-origin"):
		return append(b, "user"...), true
	case lent && name == nc("has-preview"): // there is none for who does not have the file
		return append(b, "false"...), true
	case ofFile == nil || lent && !shownOfLent[name]:
		return b, false
	}
	there, _ := plain(*r)
	return ofFile(b, &there)
}

// guests are those with whom the albums of a batch are shared.
type guests struct {
	room   *Room
	of     map[int64][]collaborator
	labels map[collaborator]string
}

func (g *guests) load(ctx context.Context, batch []dav.Resource) (err error) {
	var ids []int64
	for _, r := range batch {
		if a, ok := r.Value.(*album); ok && !a.gaze.lent {
			ids = append(ids, a.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if g.of, err = g.room.collaborators(ctx, ids...); err != nil || len(g.of) == 0 {
		return err
	}
	g.labels, err = g.room.labels(ctx, g.of)
	return err
}

// write writes nc:collaborators. Those with whom an album is shared are told to its
// owner, not to each other.
func (g *guests) write(b []byte, r *dav.Resource) ([]byte, bool) {
	a, ok := r.Value.(*album)
	if !ok {
		return b, false
	}
	for _, c := range g.of[a.id] {
		b = dav.AppendText(append(b, "<nc:collaborator><nc:id>"...), c.id)
		b = dav.AppendText(append(b, "</nc:id><nc:label>"...), g.labels[c])
		b = fmt.Appendf(b, "</nc:label><nc:type>%d</nc:type></nc:collaborator>", c.kind)
	}
	return b, true
}
