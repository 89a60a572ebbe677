package media

import (
	"context"
	"fmt"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/feature/media/exif"
	"atrium/internal/proto/ocs"
)

// day is one day on which somebody has photos.
type day struct {
	Day   string `json:"day"` // such as 2026-11-22
	Count int    `json:"count"`
}

// photo is one photo or film of the timeline.
type photo struct {
	ID     int64       `json:"fileid"`
	Path   string      `json:"path"` // from the root of the account's files
	Mime   string      `json:"mimetype"`
	ETag   string      `json:"etag"`
	Size   int64       `json:"size"`  // bytes
	Taken  int64       `json:"taken"` // Unix seconds, the time of the file where the photo does not tell
	W      int         `json:"width,omitempty"`
	H      int         `json:"height,omitempty"`
	Place  *exif.Place `json:"place,omitempty"`
	Rights int         `json:"permissions"`
}

// Bounds of an answer.
const (
	defaultPhotos = 500
	maxPhotos     = 5000
)

// days answers GET /apps/media/api/v1/days: on which days photos and films of the
// caller were taken, last first. path limits it to a folder. Days are those of the
// cameras, which tell no zone.
func (rm *Room) days(ctx context.Context, r *ocs.Request) (any, error) {
	folder, err := r.Param("path")
	if err != nil {
		return nil, err
	}
	out := []day{}
	err = rm.timeline(ctx, folder, tree.Query{}, func(es []*files.Entry, at map[int64]int64) error {
		for _, e := range es {
			d := dayOf(e, at)
			if n := len(out); n == 0 || out[n-1].Day != d {
				out = append(out, day{Day: d})
			}
			out[len(out)-1].Count++
		}
		return nil
	})
	return out, err
}

func dayOf(e *files.Entry, at map[int64]int64) string {
	sec, ok := at[e.Content]
	if !ok || sec == 0 {
		sec = e.MTime.Unix()
	}
	return time.Unix(sec, 0).UTC().Format(time.DateOnly)
}

// photos answers GET /apps/media/api/v1/photos: photos and films, last taken first.
// day limits it to one day, from and until to some (both are part of it); limit and
// offset page through.
func (rm *Room) photos(ctx context.Context, r *ocs.Request) (any, error) {
	folder, err := r.Param("path")
	if err != nil {
		return nil, err
	}
	q := tree.Query{}
	if q.Where, err = between(r); err != nil {
		return nil, err
	}
	limit, err := r.Int("limit", defaultPhotos)
	if err != nil {
		return nil, err
	}
	offset, err := r.Int("offset", 0)
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > maxPhotos || offset < 0 || offset > 1<<30 {
		return nil, fault.New(fault.Invalid, "The limit is a number from 1 to {n}, and the offset is not negative.", "n", maxPhotos)
	}
	q.Limit, q.Offset = int(limit), int(offset)
	out := []photo{}
	err = rm.timeline(ctx, folder, q, func(es []*files.Entry, _ map[int64]int64) error {
		known, err := rm.about(ctx, contentsOf(es))
		if err != nil {
			return err
		}
		for _, e := range es {
			a := known[e.Content]
			out = append(out, photo{ID: e.ID, Path: e.Path, Mime: e.Mime, ETag: fmt.Sprintf("%016x", uint64(e.ETag)), Size: e.Size, Taken: taken(e, &a),
				W: a.W, H: a.H, Place: a.Place, Rights: int(e.Perm())})
		}
		return nil
	})
	return out, err
}

// between is the condition on the days that a request wants.
func between(r *ocs.Request) (p tree.Pred, err error) {
	p.Op = tree.And
	for _, c := range []struct {
		name string
		op   tree.Op
		days int
	}{{"day", tree.Gte, 0}, {"day", tree.Lt, 1}, {"from", tree.Gte, 0}, {"until", tree.Lt, 1}} {
		s, err := r.Param(c.name)
		if err != nil {
			return p, err
		}
		if s == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return p, fault.Wrap(fault.Invalid, err, "A day is written like 2026-11-22.")
		}
		p.Of = append(p.Of, tree.Pred{Op: c.op, Field: tree.ByTaken, Num: at.AddDate(0, 0, c.days).Unix()})
	}
	return p, nil
}

// page is how many entries are looked at together.
const page = 500

// timeline goes through photos and films below a folder, last taken first, in
// pages, with the times at which they were taken by content.
func (rm *Room) timeline(ctx context.Context, folder string, q tree.Query, f func(es []*files.Entry, at map[int64]int64) error) error {
	v, err := rm.files.As(ctx, who.From(ctx))
	if err != nil {
		return err
	}
	top, err := v.Stat(ctx, "/"+strings.Trim(folder, "/"))
	if err != nil {
		return err
	}
	if !top.IsDir() {
		return fault.New(fault.Invalid, "The path is not that of a folder.")
	}
	q.Order = []tree.Key{{Field: tree.ByTaken, Desc: true}}
	types := tree.Pred{Op: tree.Or, Of: []tree.Pred{{Op: tree.Like, Field: tree.ByType, Text: "image/%"}, {Op: tree.Like, Field: tree.ByType, Text: "video/%"}}}
	where := tree.Pred{Op: tree.And, Of: append([]tree.Pred{types}, q.Where.Of...)}
	found, err := v.Search(ctx, top, func(*files.Mount) tree.Pred { return where }, q)
	if err != nil {
		return err
	}
	var es []*files.Entry
	flush := func() error {
		if len(es) == 0 {
			return nil
		}
		at, err := rm.tree.Taken(ctx, contentsOf(es))
		if err == nil {
			err = f(es, at)
		}
		es = es[:0]
		return err
	}
	for e, err := range found {
		if err != nil {
			return err
		}
		if es = append(es, e); len(es) == page {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func contentsOf(es []*files.Entry) []int64 {
	ids := make([]int64, len(es))
	for i, e := range es {
		ids[i] = e.Content
	}
	return ids
}
