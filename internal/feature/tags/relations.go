package tags

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// relations is the mount "systemtags-relations": the tags on each file,
// /files/7287/10.
type relations struct{ *Room }

// carrier is a file or folder with its tags, as a collection.
type carrier struct{ *files.Entry }

// relation is a tag on a file.
type relation struct {
	Tag
	e *files.Entry
}

// at finds the file in a path.
func (c relations) at(ctx context.Context, segs []string) (*files.Entry, error) {
	id, err := strconv.ParseInt(segs[1], 10, 64)
	if segs[0] != "files" || err != nil {
		return nil, fault.New(fault.NotFound, "Entity does not exist or is not available")
	}
	return c.file(ctx, who.From(ctx), id)
}

// Stat implements dav.Collection.
func (c relations) Stat(ctx context.Context, path string) (dav.Resource, error) {
	segs := split(path)
	switch {
	case len(segs) == 0:
		return dav.Resource{Path: "/", Dir: true}, nil
	case len(segs) == 1 && segs[0] == "files":
		return dav.Resource{Path: "/files", Dir: true}, nil
	case len(segs) == 1 || len(segs) > 3:
		return dav.Resource{}, notThere(segs[0])
	}
	e, err := c.at(ctx, segs)
	if err != nil {
		return dav.Resource{}, err
	}
	if len(segs) == 2 {
		return dav.Resource{Path: "/files/" + segs[1], Dir: true, Value: carrier{e}}, nil
	}
	id, err := tagID(segs[2])
	if err != nil {
		return dav.Resource{}, err
	}
	ts, err := c.seen(ctx, e)
	for _, t := range ts {
		if t.ID == id {
			return related(e, t), err
		}
	}
	if err == nil {
		err = fault.New(fault.NotFound, fmt.Sprintf("Tag with id %d not present for object %d", id, e.ID))
	}
	return dav.Resource{}, err
}

func related(e *files.Entry, t Tag) dav.Resource {
	return dav.Resource{Path: fmt.Sprintf("/files/%d/%d", e.ID, t.ID), ETag: etagText(t.etag), Value: relation{t, e}}
}

// seen lists the tags on a file that the caller sees.
func (rm *Room) seen(ctx context.Context, e *files.Entry) (out []Tag, err error) {
	all, err := rm.on(ctx, []int64{e.ID})
	v := viewer{who: who.From(ctx)}
	for _, t := range all[e.ID] {
		if v.sees(t) {
			out = append(out, t)
		}
	}
	return out, err
}

// List implements dav.Collection.
func (c relations) List(ctx context.Context, folder dav.Resource) iter.Seq2[dav.Resource, error] {
	if folder.Path == "/" {
		return dav.Each([]dav.Resource{{Path: "/files", Dir: true}})
	}
	return func(yield func(dav.Resource, error) bool) {
		of, ok := folder.Value.(carrier)
		if !ok {
			yield(dav.Resource{}, &dav.Error{Status: http.StatusMethodNotAllowed, Exception: "MethodNotAllowed", Text: "All files cannot be listed here."})
			return
		}
		ts, err := c.seen(ctx, of.Entry)
		if err != nil {
			yield(dav.Resource{}, err)
			return
		}
		for _, t := range ts {
			if !yield(related(of.Entry, t), nil) {
				return
			}
		}
	}
}

// Put implements dav.Putter: it puts a tag on a file (16-dav-systemtags/033…040).
func (c relations) Put(ctx context.Context, path string, _ *http.Request, check dav.Check) (bool, http.Header, error) {
	segs := split(path)
	if len(segs) != 3 {
		return false, nil, fault.New(fault.Denied, "Only tags can be put here, and only on files.")
	}
	e, err := c.at(ctx, segs)
	if err != nil {
		return false, nil, err
	}
	id, err := tagID(segs[2])
	if err != nil {
		return false, nil, err
	}
	t, v, err := c.shown(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return false, nil, fault.New(fault.Stale, fmt.Sprintf("Tag with id %d does not exist, cannot assign", id))
	}
	if err == nil && !v.mayAssign(t) {
		err = fault.New(fault.Denied, fmt.Sprintf("No permission to assign tag %d", id))
	}
	if err == nil {
		err = check(nil)
	}
	if err == nil {
		err = c.Assign(ctx, v.who, e, t)
	}
	if errors.Is(err, fault.Exists) {
		err = fault.Wrap(fault.Conflict, err, "The file has this tag already.")
	}
	return true, nil, err
}

// Post implements dav.Poster: it makes a tag and puts it on a file.
func (c relations) Post(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) error {
	of, ok := r.Value.(carrier)
	if !ok {
		return fault.New(fault.Unsupported, "Tags are made here for a file.")
	}
	if of.Perm()&files.Update == 0 {
		return errReadOnly
	}
	d, err := draftOf(w, req)
	if err != nil {
		return err
	}
	p := who.From(ctx)
	t, err := c.Create(ctx, p, d, func(tx *db.DB, t Tag) error { return c.put(ctx, tx, p, of.Entry, t) })
	if err != nil {
		return err
	}
	made(w, t)
	return nil
}

// Delete implements dav.Deleter: it takes a tag off a file.
func (c relations) Delete(ctx context.Context, r dav.Resource, _ *http.Request, _ dav.Check) error {
	rel, ok := r.Value.(relation)
	if !ok {
		return fault.New(fault.Denied, "Permission denied to delete this collection")
	}
	v, err := c.viewerOf(ctx, who.From(ctx))
	if err != nil {
		return err
	}
	if !v.mayAssign(rel.Tag) {
		return fault.New(fault.Denied, fmt.Sprintf("No permission to unassign tag %d", rel.ID))
	}
	return c.Unassign(ctx, v.who, rel.e, rel.Tag)
}

var _ interface {
	dav.Collection
	dav.Putter
	dav.Poster
	dav.Deleter
} = relations{}

// assigned is the mount "systemtags-assigned": the tags in use on what the caller
// sees, with how many files carry each and one of them (16-dav-systemtags/055).
// Below /files/image are those on pictures and so on.
type assigned struct{ *Room }

// use is a tag in use.
type use struct {
	Tag
	files   int64
	example int64
}

// Stat implements dav.Collection.
func (c assigned) Stat(_ context.Context, path string) (dav.Resource, error) {
	segs := split(path)
	if len(segs) > 1 {
		return dav.Resource{}, notThere(segs[1])
	}
	return dav.Resource{Path: path, Dir: true}, nil
}

// List implements dav.Collection.
func (c assigned) List(ctx context.Context, folder dav.Resource) iter.Seq2[dav.Resource, error] {
	if folder.Path == "/" {
		return dav.Each([]dav.Resource{{Path: "/files", Dir: true}, {Path: "/image", Dir: true}})
	}
	return func(yield func(dav.Resource, error) bool) {
		uses, err := c.uses(ctx, folder.Path[1:])
		if err != nil {
			yield(dav.Resource{}, err)
			return
		}
		for _, u := range uses {
			r := resource(fmt.Sprintf("%s/%d", folder.Path, u.ID), u.Tag)
			r.Value = u
			if !yield(r, nil) {
				return
			}
		}
	}
}

// uses lists the tags on what the caller sees, of one media type or, for "files",
// of all: one statement, and one for each 500 of all files with a tag.
func (rm *Room) uses(ctx context.Context, kind string) ([]use, error) {
	p := who.From(ctx)
	view, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	tagsOf, err := rm.all(ctx)
	if err != nil {
		return nil, err
	}
	found := map[int64]*use{}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(tagsOf)), 500) {
		there, err := view.Seen(ctx, part)
		if err != nil {
			return nil, err
		}
		for id, e := range there {
			if kind != "files" && !strings.HasPrefix(e.Mime, kind+"/") {
				continue
			}
			for _, t := range tagsOf[id] {
				if found[t] == nil {
					found[t] = &use{}
				}
				found[t].files++
				found[t].example = max(found[t].example, id)
			}
		}
	}
	return rm.named(ctx, viewer{who: p}, found)
}

// named gives uses their tags, of those that somebody sees.
func (rm *Room) named(ctx context.Context, v viewer, found map[int64]*use) (out []use, err error) {
	ts, err := some(ctx, rm.db, slices.Collect(maps.Keys(found))...)
	for _, t := range ts {
		if v.sees(t) {
			out = append(out, use{t, found[t.ID].files, found[t.ID].example})
		}
	}
	return out, err
}

// all lists which tags each node carries.
func (rm *Room) all(ctx context.Context) (map[int64][]int64, error) {
	out := map[int64][]int64{}
	type pair struct{ node, tag int64 }
	for v, err := range db.All(ctx, rm.db, func(r db.Row) (p pair, err error) { return p, r.Scan(&p.node, &p.tag) },
		"SELECT node, tag FROM systemtag_file ORDER BY node, tag") {
		if err != nil {
			return nil, err
		}
		out[v.node] = append(out[v.node], v.tag)
	}
	return out, nil
}
