package links

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/proto/web"
)

// info is a file or folder as other servers ask for it (32-sharing/189).
type info struct {
	ID          int64   `json:"id"`
	ParentID    int64   `json:"parentId"`
	MTime       int64   `json:"mtime"` // Unix seconds
	Name        string  `json:"name"`
	Permissions int     `json:"permissions"`
	MimeType    string  `json:"mimetype"`
	Size        int64   `json:"size"`
	Type        string  `json:"type"` // "dir" or "file"
	ETag        string  `json:"etag"`
	Children    []*info `json:"children,omitempty"`
}

// maxInfo is how many entries an answer may have.
const maxInfo = 50_000

// shareInfo answers POST /apps/files_sharing/shareinfo with t, password, dir and
// depth, -1 for all levels (32-sharing/189 to 191).
func (rm *Room) shareInfo(w http.ResponseWriter, r *http.Request) error {
	tree, err := rm.infoOf(r)
	switch {
	case err == nil:
		web.WriteJSON(w, http.StatusOK, map[string]any{"data": tree, "status": "success"})
		return nil
	case errors.Is(err, fault.NotFound):
		web.WriteJSON(w, http.StatusNotFound, map[string]any{"data": []int{}, "status": "error"})
		return nil
	case errors.Is(err, fault.Anonymous), errors.Is(err, fault.Denied):
		web.WriteJSON(w, http.StatusForbidden, map[string]any{"data": []int{}, "status": "error"})
		return nil
	}
	return err
}

func (rm *Room) infoOf(r *http.Request) (*info, error) {
	if err := r.ParseForm(); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The form could not be read.")
	}
	l, err := rm.find(r, r.Form.Get("t"))
	if err != nil {
		return nil, err
	}
	if l.Password != "" && !rm.cookieOpens(r, l) {
		if err := rm.unlock(r, l, r.PostForm.Get("password")); err != nil {
			return nil, err
		}
	}
	if l.Drop() {
		return nil, errOnlyTakes
	}
	if r, err = rm.admit(r, l); err != nil {
		return nil, err
	}
	v, err := rm.view(r)
	if err != nil {
		return nil, err
	}
	e, err := v.Stat(r.Context(), r.Form.Get("dir"))
	if err != nil {
		return nil, err
	}
	depth, err := strconv.Atoi(r.Form.Get("depth"))
	if err != nil {
		depth = -1
	}
	left := maxInfo
	return gather(r.Context(), v, e, depth, &left)
}

// errOnlyTakes keeps other servers out of a file drop.
var errOnlyTakes = fault.New(fault.Denied, "This link only takes files.")

func gather(ctx context.Context, v *files.View, e *files.Entry, depth int, left *int) (*info, error) {
	if *left--; *left < 0 {
		return nil, fault.New(fault.Unavailable, "The folder is too large to be told in one answer; ask for fewer levels.")
	}
	out := &info{ID: e.ID, ParentID: e.Parent, MTime: e.MTime.Unix(), Name: e.Base(), Permissions: int(e.Perm()), MimeType: e.Mime, Size: e.Size,
		Type: "file", ETag: fmt.Sprintf("%016x", e.ETag)}
	if !e.IsDir() {
		out.Permissions &^= int(files.Create | files.Delete)
		return out, nil
	}
	out.MimeType, out.Type = tree.FolderType, "dir"
	if depth == 0 {
		return out, nil
	}
	var es []*files.Entry
	for c, err := range v.List(ctx, e) {
		if err != nil {
			return nil, err
		}
		es = append(es, c)
	}
	for _, c := range es {
		below, err := gather(ctx, v, c, depth-1, left)
		if err != nil {
			return nil, err
		}
		out.Children = append(out.Children, below)
	}
	return out, nil
}
