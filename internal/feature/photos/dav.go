package photos

import (
	"context"
	"encoding/xml"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// collection is the mount: /dave1/albums/Trip/26574-p.png.
type collection struct{ *Room }

// The collections of everybody. In the second lie albums of others, which nobody can
// share yet.
const (
	albumsName = "albums"
	sharedName = "sharedalbums"
)

// list is the collection of albums, with how many there are.
type list struct{ n int }

// place is where a path leads.
type place struct {
	album album
	node  int64 // 0: the album itself
}

func split(path string) []string {
	if path = strings.Trim(path, "/"); path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// own refuses what is somebody else's.
func own(ctx context.Context, segs []string) (*who.Principal, error) {
	p := who.From(ctx)
	if p == nil || len(segs) == 0 || segs[0] != p.Home() {
		return nil, fault.New(fault.NotFound, "There is no such collection of photos.")
	}
	return p, nil
}

// at finds an album or a file in one.
func (c collection) at(ctx context.Context, path string) (place, error) {
	segs := split(path)
	p, err := own(ctx, segs)
	if err != nil {
		return place{}, err
	}
	if len(segs) < 3 || len(segs) > 4 || segs[1] != albumsName {
		return place{}, fault.New(fault.NotFound, "There is no such album.")
	}
	a, err := c.album(ctx, p.Home(), segs[2])
	if err != nil || len(segs) == 3 {
		return place{album: a}, err
	}
	id, _, _ := strings.Cut(segs[3], "-")
	node, err := strconv.ParseInt(id, 10, 64)
	if err != nil || node <= 0 {
		return place{}, errNoFile
	}
	return place{a, node}, nil
}

// Stat implements dav.Collection.
func (c collection) Stat(ctx context.Context, path string) (dav.Resource, error) {
	segs := split(path)
	r := dav.Resource{Path: path, Dir: true}
	if len(segs) == 0 {
		return r, nil
	}
	p, err := own(ctx, segs)
	switch {
	case err != nil, len(segs) == 1:
		return r, err
	case len(segs) == 2 && segs[1] == sharedName:
		r.Value = list{}
		return r, nil
	case len(segs) == 2 && segs[1] == albumsName:
		as, err := c.albums(ctx, p.Home())
		r.Value = list{len(as)}
		return r, err
	}
	at, err := c.at(ctx, path)
	if err != nil {
		return r, err
	}
	if at.node == 0 {
		r.Value = &at.album
		return r, c.fill(ctx, p, &at.album)
	}
	e, err := c.entry(ctx, p, at.album, at.node)
	if err != nil {
		return r, err
	}
	return file(strings.Join(segs[:3], "/"), e), nil
}

// file is a file in an album, under its number and name.
func file(album string, e *files.Entry) dav.Resource {
	return dav.Resource{Path: fmt.Sprintf("/%s/%d-%s", album, e.ID, e.Base()), MTime: e.MTime, Value: e}
}

// List implements dav.Collection. Who has photos is nobody's to list
// (17-dav-misc/064).
func (c collection) List(ctx context.Context, folder dav.Resource) iter.Seq2[dav.Resource, error] {
	rs, err := c.list(ctx, folder)
	if err != nil {
		return func(yield func(dav.Resource, error) bool) { yield(dav.Resource{}, err) }
	}
	return dav.Each(rs)
}

func (c collection) list(ctx context.Context, folder dav.Resource) (rs []dav.Resource, err error) {
	at := strings.Trim(folder.Path, "/")
	switch v := folder.Value.(type) {
	case *album:
		for _, e := range v.entries {
			rs = append(rs, file(at, e))
		}
	case list:
		if v.n == 0 {
			return nil, nil
		}
		p := who.From(ctx)
		as, err := c.albums(ctx, p.Home())
		if err != nil {
			return nil, err
		}
		all := make([]*album, len(as))
		for i := range as {
			all[i] = &as[i]
			rs = append(rs, dav.Resource{Path: "/" + at + "/" + as[i].name, Dir: true, Value: all[i]})
		}
		return rs, c.fill(ctx, p, all...)
	default:
		if at == "" {
			return nil, fault.New(fault.Denied, "")
		}
		for _, name := range []string{albumsName, sharedName} {
			r, err := c.Stat(ctx, "/"+at+"/"+name)
			if err != nil {
				return nil, err
			}
			rs = append(rs, r)
		}
	}
	return rs, nil
}

// newName is the name in a path that an album is to have.
func newName(ctx context.Context, path string) (uid, name string, err error) {
	segs := split(path)
	p, err := own(ctx, segs)
	if err != nil {
		return "", "", err
	}
	if len(segs) != 3 || segs[1] != albumsName {
		return "", "", fault.New(fault.Denied, "Albums are made among your albums.")
	}
	_, err = names.Split("/" + segs[2])
	return p.Home(), segs[2], err
}

// Make implements dav.Maker.
func (c collection) Make(ctx context.Context, path string, _ *http.Request, check dav.Check) (http.Header, error) {
	uid, name, err := newName(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := check(nil); err != nil {
		return nil, err
	}
	return nil, c.make(ctx, uid, name)
}

// Take implements dav.Taker: a copy of a file into an album is a reference to it.
func (c collection) Take(ctx context.Context, t dav.Transfer) (bool, http.Header, error) {
	e, ok := t.Source.Value.(*files.Entry)
	if !ok || e.IsDir() {
		return false, nil, fault.New(fault.Denied, "Only files go into an album.")
	}
	segs := split(t.To)
	if len(segs) != 4 {
		return false, nil, fault.New(fault.Denied, "Files go into an album.")
	}
	at, err := c.at(ctx, strings.Join(segs[:3], "/"))
	if err != nil {
		return false, nil, err
	}
	if err := t.Check(&t.Source, nil); err != nil {
		return false, nil, err
	}
	fresh, err := c.add(ctx, at.album, e.ID)
	return fresh, nil, err
}

// Move implements dav.Mover: it renames an album.
func (c collection) Move(ctx context.Context, t dav.Transfer) (bool, http.Header, error) {
	a, ok := t.Source.Value.(*album)
	if !ok {
		return false, nil, fault.New(fault.Denied, "Only albums can be renamed.")
	}
	_, name, err := newName(ctx, t.To)
	if err != nil {
		return false, nil, err
	}
	if err := t.Check(&t.Source, nil); err != nil {
		return false, nil, err
	}
	return true, nil, c.rename(ctx, *a, name)
}

// Delete implements dav.Deleter. No file is deleted: one is taken out of its album,
// and an album is given up.
func (c collection) Delete(ctx context.Context, r dav.Resource, _ *http.Request, _ dav.Check) error {
	switch v := r.Value.(type) {
	case *album:
		return c.drop(ctx, *v)
	case *files.Entry:
		at, err := c.at(ctx, r.Path)
		if err != nil {
			return err
		}
		return c.takeOut(ctx, at.album, v.ID)
	}
	return fault.New(fault.Denied, "This cannot be deleted.")
}

// PropPatch implements dav.Patcher: nc:location of an album (17-dav-misc/087).
func (c collection) PropPatch(ctx context.Context, r dav.Resource, changes []dav.PropChange) ([]int, error) {
	a, ok := r.Value.(*album)
	statuses := make([]int, len(changes))
	for i, ch := range changes {
		if statuses[i] = http.StatusForbidden; ok && ch.Name == nc("location") && len(ch.Text) <= maxPlace {
			statuses[i] = http.StatusOK
		}
	}
	for _, s := range statuses {
		if s == http.StatusOK {
			continue
		}
		for i := range statuses {
			if statuses[i] == http.StatusOK {
				statuses[i] = http.StatusFailedDependency
			}
		}
		return statuses, nil
	}
	for _, ch := range changes {
		place := ch.Text
		if ch.Remove {
			place = ""
		}
		if err := c.locate(ctx, *a, place); err != nil {
			return nil, err
		}
	}
	return statuses, nil
}

// Get implements dav.Getter: a file in an album is read where it lies.
func (c collection) Get(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) (*dav.Content, error) {
	e, ok := r.Value.(*files.Entry)
	g, reads := c.davs.(dav.Getter)
	if !ok || !reads {
		return nil, fault.New(fault.Denied, "An album has no content of its own.")
	}
	there, err := c.davs.Stat(ctx, "/"+who.From(ctx).Home()+e.Path)
	if err != nil {
		return nil, err
	}
	return g.Get(ctx, there, w, req)
}

func nc(name string) xml.Name { return xml.Name{Space: dav.NSNC, Local: name} }
func dv(name string) xml.Name { return xml.Name{Space: dav.NSDAV, Local: name} }

// props are those of albums, and of files those that files have where they lie.
type props struct{ *Room }

// Default implements dav.Props.
func (props) Default() []xml.Name { return []xml.Name{dv("resourcetype")} }

// writers are the properties of albums and of their collection (17-dav-misc/085).
var writers = map[xml.Name]func(b []byte, a *album) []byte{
	nc("nbItems"):       func(b []byte, a *album) []byte { return strconv.AppendInt(b, int64(len(a.entries)), 10) },
	nc("location"):      func(b []byte, a *album) []byte { return dav.AppendText(b, a.location) },
	nc("collaborators"): func(b []byte, _ *album) []byte { return b },
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

// Open implements dav.Props.
func (ps props) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set, err := ps.props.Open(ctx, dav.Resource{}, want)
	if err != nil {
		return set, err
	}
	load := set.Load
	set.Load = func(ctx context.Context, batch []dav.Resource) error {
		var there []dav.Resource
		for _, r := range batch {
			if _, ok := r.Value.(*files.Entry); ok {
				there = append(there, r)
			}
		}
		if load == nil || len(there) == 0 {
			return nil
		}
		return load(ctx, there)
	}
	for i, name := range want {
		set.Writers[i] = writerOf(name, set.Writers[i])
	}
	return set, nil
}

// writerOf writes a property of whatever lies here; ofFile is that of files.
func writerOf(name xml.Name, ofFile dav.Writer) dav.Writer {
	ofAlbum := writers[name]
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		switch v := r.Value.(type) {
		case *files.Entry:
			if name == nc("photos-album-file-origin") {
				return append(b, "user"...), true
			}
			if ofFile == nil {
				return b, false
			}
			return ofFile(b, r)
		case *album:
			if ofAlbum != nil {
				return ofAlbum(b, v), true
			}
		case list:
			if name == nc("nbItems") {
				return strconv.AppendInt(b, int64(v.n), 10), true
			}
		}
		if name == dv("resourcetype") {
			return dav.ResourceType(b, r)
		}
		return b, false
	}
}

var _ interface {
	dav.Collection
	dav.Maker
	dav.Taker
	dav.Mover
	dav.Deleter
	dav.Patcher
	dav.Getter
} = collection{}
