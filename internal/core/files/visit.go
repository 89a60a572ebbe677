package files

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// The visitors of a public link see one node. Where the link lets them add but
// not change, what they add under a taken name gets a free one: nothing is
// replaced, and nobody learns by it what is there.

// addsOnly tells whether the viewer may add here but replace nothing.
func (v *View) addsOnly(m *Mount) bool {
	return v.who.Link != 0 && m.Perm&Create != 0 && m.Perm&(Read|Update) != Read|Update
}

// blind tells whether the viewer may not know what lies here.
func (v *View) blind(m *Mount) bool { return v.who.Link != 0 && m.Perm&Read == 0 }

var errBlind = fault.New(fault.Denied, "You may not see what is here.")

// locateRoot finds the place of the view's root: a file that a link opens may be
// written, but nothing else may take its place.
func (v *View) locateRoot(ctx context.Context) (*spot, error) {
	m := &v.mounts[0]
	if m.Root == m.Space {
		return nil, ErrIsFolder
	}
	e, err := v.Stat(ctx, "/")
	if err != nil {
		return nil, err
	}
	if e.IsDir() {
		return nil, ErrIsFolder
	}
	return &spot{mount: m, parent: tree.Node{ID: e.Parent, Kind: tree.Folder}, name: e.Name, path: "/", cur: e, only: e.ID}, nil
}

// aFew is how many names are looked at together.
const aFew = 50

// beside gives what is on its way to a taken spot a free name there: "a (2).txt".
// Where the viewer may replace what is there, the spot stays. Its cost grows with
// the logarithm of how many such names there are.
func (v *View) beside(ctx context.Context, d *db.DB, s *spot) (*spot, error) {
	if !v.addsOnly(s.mount) || s.only != 0 {
		return s, nil
	}
	if s.cur == nil {
		err := v.noClash(ctx, s)
		if err == nil || !errors.Is(err, fault.Conflict) {
			return s, err
		}
	}
	stem, suffix := s.name, path.Ext(s.name)
	if stem = strings.TrimSuffix(stem, suffix); stem == "" { // ".profile"
		stem, suffix = s.name, ""
	}
	for n := 2; n < 1<<30; n = 2*n + aFew {
		some := make([]string, 0, aFew)
		for i := n; i < n+aFew; i++ {
			some = append(some, numbered(stem, suffix, i))
		}
		taken, err := v.tree.Named(ctx, d, s.parent.ID, some)
		if err != nil {
			return nil, err
		}
		for _, name := range some {
			if _, ok := taken[name]; ok {
				continue
			}
			free := *s
			free.cur, free.name, free.path = nil, name, path.Join(path.Dir(s.path), name)
			if err := v.noClash(ctx, &free); errors.Is(err, fault.Conflict) {
				continue
			} else if err != nil {
				return nil, err
			}
			return &free, nil
		}
	}
	return nil, fault.New(fault.Conflict, "There is no free name for this file.")
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

// numbered is the n-th name of a kind. A long one is cut.
func numbered(stem, suffix string, n int) string {
	number := fmt.Sprintf(" (%d)", n)
	for len(stem) > 1 && len(stem)+len(number)+len(suffix) > names.Max {
		r := []rune(stem)
		stem = string(r[:len(r)-1])
	}
	return stem + number + suffix
}
