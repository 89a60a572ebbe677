package photos

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// collection is the mount: /dave1/albums/Trip/26574-p.png.
type collection struct{ *Room }

// The collections of everybody. In the second lie albums of others, as
// "Trip (dave1)".
const (
	albumsName = "albums"
	sharedName = "sharedalbums"
)

// list is a collection of albums: one's own, or those of others.
type list struct {
	name   string
	albums []album
}

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
	var a album
	switch {
	case len(segs) < 3 || len(segs) > 4:
		return place{}, errNoAlbum
	case segs[1] == albumsName:
		a, err = c.album(ctx, p.Home(), segs[2])
	case segs[1] == sharedName:
		a, err = c.lentAlbum(ctx, p, segs[2])
	default:
		err = errNoAlbum
	}
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
		as, err := c.lent(ctx, p)
		r.Value = list{sharedName, as}
		return r, err
	case len(segs) == 2 && segs[1] == albumsName:
		as, err := c.albums(ctx, p.Home())
		r.Value = list{albumsName, as}
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
	e, err := c.entry(ctx, p, &at.album, at.node)
	if err != nil {
		return r, err
	}
	return at.album.file(strings.Join(segs[:3], "/"), e), nil
}

// borrowed is a file in an album of somebody else, which may be looked at only.
type borrowed struct {
	*files.Entry // as its owner sees it, with the rights of who looks
	view         *files.View
}

// file is a file in the album at a path, under its number and name.
func (a *album) file(path string, e *files.Entry) dav.Resource {
	r := dav.Resource{Path: fmt.Sprintf("/%s/%d-%s", path, e.ID, e.Base()), MTime: e.MTime, Value: e}
	if a.gaze.lent {
		m, b := *e.Mount, *e
		m.Perm = files.Read
		b.Mount = &m
		r.Value = borrowed{&b, a.gaze.view}
	}
	return r
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
			rs = append(rs, v.file(at, e))
		}
	case list:
		all := make([]*album, len(v.albums))
		for i := range v.albums {
			all[i] = &v.albums[i]
			name := all[i].name
			if v.name == sharedName {
				name = all[i].lentName()
			}
			rs = append(rs, dav.Resource{Path: "/" + at + "/" + name, Dir: true, Value: all[i]})
		}
		return rs, c.fill(ctx, who.From(ctx), all...)
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
	if len(segs) != 4 || segs[1] != albumsName {
		return false, nil, fault.New(fault.Denied, "Files go into an album of yours.")
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
	if !ok || a.gaze.lent {
		return false, nil, fault.New(fault.Denied, "Only albums of yours can be renamed.")
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
// and an album is given up, or left if it is somebody else's.
func (c collection) Delete(ctx context.Context, r dav.Resource, _ *http.Request, _ dav.Check) error {
	switch v := r.Value.(type) {
	case *album:
		if v.gaze.lent {
			return c.leave(ctx, who.From(ctx), v)
		}
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

// PropPatch implements dav.Patcher: nc:location (17-dav-misc/087) and
// nc:collaborators of an album of one's own.
func (c collection) PropPatch(ctx context.Context, r dav.Resource, changes []dav.PropChange) ([]int, error) {
	statuses := make([]int, len(changes))
	writes := make([]func(tx *db.DB) error, 0, len(changes))
	a, ok := r.Value.(*album)
	for i, ch := range changes {
		var write func(tx *db.DB) error
		var err error
		if ok && !a.gaze.lent {
			if write, err = c.change(ctx, a, ch); err != nil {
				return nil, err
			}
		}
		if statuses[i] = http.StatusOK; write == nil {
			statuses[i] = http.StatusForbidden
			continue
		}
		writes = append(writes, write)
	}
	if len(writes) < len(changes) {
		for i := range statuses {
			if statuses[i] == http.StatusOK {
				statuses[i] = http.StatusFailedDependency
			}
		}
		return statuses, nil
	}
	return statuses, c.db.Tx(ctx, func(tx *db.DB) error {
		for _, write := range writes {
			if err := write(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// change prepares the change of a property; nil where it cannot be changed.
func (c collection) change(ctx context.Context, a *album, ch dav.PropChange) (func(tx *db.DB) error, error) {
	switch {
	case ch.Name == nc("collaborators"):
		list, err := parseCollaborators(ch)
		if err == nil {
			err = c.check(ctx, who.From(ctx), a, list)
		}
		return func(tx *db.DB) error { return share(ctx, tx, a, list) }, err
	case ch.Name == nc("location") && ch.Remove:
		return func(tx *db.DB) error { return locate(ctx, tx, a, "") }, nil
	case ch.Name == nc("location") && len(ch.Text) <= maxPlace:
		return func(tx *db.DB) error { return locate(ctx, tx, a, ch.Text) }, nil
	}
	return nil, nil
}

// Get implements dav.Getter: a file in an album is read where it lies.
func (c collection) Get(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) (*dav.Content, error) {
	if b, ok := r.Value.(borrowed); ok {
		return &dav.Content{Size: b.Size, Type: dav.ServedType(b.Mime), Header: http.Header{"Content-Disposition": {dav.Disposition(b.Base())}},
			Open: func(off, n int64) (io.ReadCloser, error) { return b.view.Open(ctx, b.Entry, off, n) }}, nil
	}
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

var _ interface {
	dav.Collection
	dav.Maker
	dav.Taker
	dav.Mover
	dav.Deleter
	dav.Patcher
	dav.Getter
} = collection{}
