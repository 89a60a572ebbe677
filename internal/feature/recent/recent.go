// Package recent lists the files that somebody changed last, for the pages that
// begin with them: the files app's recent files (34-apps/033) and recommendations
// (34-apps/102, 103). It keeps nothing: the tree is searched when somebody asks.
package recent

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Pictures tells which files have a preview.
type Pictures interface {
	HasPreview(ctx context.Context, e *files.Entry) (bool, error)
}

// Room lists.
type Room struct {
	files    *files.Service
	pictures Pictures
}

// New returns the room.
func New(f *files.Service, p Pictures) *Room { return &Room{f, p} }

// How many files the lists have.
const (
	manyRecent      = 100
	manyRecommended = 7
)

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Web.Handle("GET", "/apps/files/api/v1/recent", web.User, rm.recent, web.In(who.FilesRoom))
	const root = "GET /apps/recommendations/api/v1/recommendations"
	ocs.Handle(b.OCS, root, web.User, rm.recommended, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, root+"/always", web.User, rm.recommended, web.In(who.FilesRoom))
	b.Caps.Add("recommendations", func(context.Context, *http.Request) any {
		return struct {
			Enabled bool `json:"enabled"`
		}{true}
	})
}

// last lists the files of the caller's view that were changed last. It costs what
// tree.Search does.
func (rm *Room) last(ctx context.Context, n int) (out []*files.Entry, err error) {
	v, err := rm.files.As(ctx, who.From(ctx))
	if err != nil {
		return nil, err
	}
	root, err := v.Stat(ctx, "/")
	if err != nil {
		return nil, err
	}
	isFile := tree.Pred{Op: tree.Not, Of: []tree.Pred{{Op: tree.Eq, Field: tree.ByType, Text: tree.FolderType}}}
	found, err := v.Search(ctx, root, func(*files.Mount) tree.Pred { return isFile }, tree.Query{Order: []tree.Key{{Field: tree.ByMTime, Desc: true}}, Limit: n})
	if err != nil {
		return nil, err
	}
	for e, err := range found {
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// file is an entry as the files app lists it.
type file struct {
	ID         int64  `json:"id"`
	Parent     int64  `json:"parentId"`
	MTime      int64  `json:"mtime"` // milliseconds
	Name       string `json:"name"`
	Perms      int    `json:"permissions"`
	Mime       string `json:"mimetype"`
	Size       int64  `json:"size"`
	Type       string `json:"type"`
	ETag       string `json:"etag"`
	HasPreview bool   `json:"hasPreview"`
	Path       string `json:"path"` // of the folder
}

func (rm *Room) recent(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	es, err := rm.last(ctx, manyRecent)
	if err != nil {
		return err
	}
	out := make([]file, len(es))
	for i, e := range es {
		out[i] = file{ID: e.ID, Parent: e.Parent, MTime: e.MTime.UnixMilli(), Name: e.Base(), Perms: int(e.Perm() &^ files.Create), Mime: e.Mime,
			Size: e.Size, Type: "file", ETag: fmt.Sprintf("%016x", uint64(e.ETag)), Path: path.Dir(e.Path)}
		if out[i].HasPreview, err = rm.pictures.HasPreview(ctx, e); err != nil {
			return err
		}
	}
	web.WriteJSON(w, http.StatusOK, struct {
		Files []file `json:"files"`
	}{out})
	return nil
}

// recommendation is an entry as clients begin with it.
type recommendation struct {
	ID         string `json:"id"`
	Timestamp  int64  `json:"timestamp"` // Unix seconds
	Name       string `json:"name"`
	Directory  string `json:"directory"`
	Extension  string `json:"extension"`
	Mime       string `json:"mimeType"`
	HasPreview bool   `json:"hasPreview"`
	Reason     string `json:"reason"`
}

func (rm *Room) recommended(ctx context.Context, _ *ocs.Request) (any, error) {
	es, err := rm.last(ctx, manyRecommended)
	if err != nil {
		return nil, err
	}
	out := struct {
		Enabled bool             `json:"enabled"`
		List    []recommendation `json:"recommendations"`
	}{true, make([]recommendation, len(es))}
	for i, e := range es {
		out.List[i] = recommendation{ID: strconv.FormatInt(e.ID, 10), Timestamp: e.MTime.Unix(), Name: e.Base(), Directory: path.Dir(e.Path),
			Extension: strings.TrimPrefix(path.Ext(e.Base()), "."), Mime: e.Mime, Reason: "recently-edited"}
		if out.List[i].HasPreview, err = rm.pictures.HasPreview(ctx, e); err != nil {
			return nil, err
		}
	}
	return out, nil
}
