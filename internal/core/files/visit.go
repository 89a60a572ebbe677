package files

import (
	"context"
	"errors"
	"path"

	"atrium/internal/base/fault"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// addsOnly tells of visitors of a link who may add here but replace nothing: what
// they add under a taken name gets a free one, which tells nobody what is there.
func (v *View) addsOnly(m *Mount) bool {
	return v.who.Link != 0 && m.Perm&Create != 0 && m.Perm&(Read|Update) != Read|Update
}

// blind tells whether the viewer may not know what lies here.
func (v *View) blind(m *Mount) bool { return v.who.Link != 0 && m.Perm&Read == 0 }

// locateRoot finds the place of the view's root: a file that a link opens may be
// written, but nothing else may take its place.
func (v *View) locateRoot(ctx context.Context) (*spot, error) {
	e, err := v.Stat(ctx, "/")
	if err == nil && e.IsDir() {
		err = ErrIsFolder
	}
	if err != nil {
		return nil, err
	}
	return &spot{mount: e.Mount, parent: tree.Node{ID: e.Parent, Kind: tree.Folder}, name: e.Name, path: "/", cur: e, only: e.ID}, nil
}

// beside reads what stands at a spot. Where the viewer may not replace it, the spot
// becomes one with a free name in the same folder: "a (2).txt".
func (v *View) beside(ctx context.Context, d *db.DB, s *spot) (*spot, error) {
	at := *s
	var err error
	if at.cur, err = v.current(ctx, d, s); err != nil || !v.addsOnly(s.mount) || s.only != 0 {
		return &at, err
	}
	for at.cur != nil || errors.Is(v.noClash(ctx, &at), fault.Conflict) {
		if at.name, err = v.tree.Free(ctx, d, s.parent.ID, at.name); err != nil {
			return nil, err
		}
		at.cur, at.path = nil, path.Join(path.Dir(s.path), at.name)
	}
	return &at, nil
}
