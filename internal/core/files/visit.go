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

// beside gives what is on its way to a taken spot a free name there: "a (2).txt".
// Where the viewer may replace what is there, the spot stays.
func (v *View) beside(ctx context.Context, d *db.DB, s *spot) (*spot, error) {
	if !v.addsOnly(s.mount) || s.only != 0 {
		return s, nil
	}
	free := *s
	for free.cur != nil || errors.Is(v.noClash(ctx, &free), fault.Conflict) {
		name, err := v.tree.Free(ctx, d, s.parent.ID, free.name)
		if err != nil {
			return nil, err
		}
		free.cur, free.name, free.path = nil, name, path.Join(path.Dir(s.path), name)
	}
	return &free, nil
}

// still reads what stands at a spot when a write commits. Where that may not be
// replaced, because another was faster, the write goes beside it.
func (v *View) still(ctx context.Context, tx *db.DB, s *spot) (*spot, *Entry, error) {
	cur, err := v.current(ctx, tx, s)
	if err != nil || cur == nil || !v.addsOnly(s.mount) {
		return s, cur, err
	}
	taken := *s
	taken.cur = cur
	s, err = v.beside(ctx, tx, &taken)
	return s, nil, err
}
