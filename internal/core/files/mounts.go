package files

import (
	"context"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/tree"
)

// at is where a mount is, from the view's root: "/", "/a/b".
func (m *Mount) at() string { return "/" + strings.Join(m.Path, "/") }

// mover is the Mounter that lets people move and leave this mount, nil if it does not.
func (m *Mount) mover() Mover {
	mv, _ := m.by.(Mover)
	return mv
}

// mount finds the mount that a path lies in, and the names below it.
func (v *View) mount(p []string) (*Mount, []string) {
	best := &v.mounts[0]
	for i := range v.mounts[1:] {
		m := &v.mounts[i+1]
		if len(m.Path) > len(best.Path) && leads(m.Path, p) {
			best = m
		}
	}
	return best, p[len(best.Path):]
}

// beneath lists the mounts below these names.
func (v *View) beneath(at []string) (out []*Mount) {
	for i := range v.mounts[1:] {
		if m := &v.mounts[i+1]; len(m.Path) > len(at) && leads(at, m.Path) {
			out = append(out, m)
		}
	}
	return out
}

// roots reads the nodes that mounts hang in, settled, with two statements and what
// there is to settle. Those that are gone are left out.
func (v *View) roots(ctx context.Context, ms []*Mount) (map[int64]tree.Node, error) {
	if len(ms) == 0 {
		return nil, nil
	}
	ids, spaces := make([]int64, len(ms)), make([]int64, len(ms))
	for i, m := range ms {
		ids[i], spaces[i] = m.Root, m.Space
	}
	slices.Sort(spaces)
	if err := v.tree.SettleAny(ctx, slices.Compact(spaces)); err != nil {
		return nil, err
	}
	return v.tree.Some(ctx, v.db, ids)
}

// mix makes a folder's etag depend on what is mounted below it.
func (v *View) mix(ctx context.Context, e *Entry) error {
	if e.Mount.way {
		return v.showWay(ctx, e)
	}
	below := v.beneath(segments(e.Path))
	roots, err := v.roots(ctx, below)
	if err == nil {
		blend(e, below, roots)
	}
	return err
}

// blend mixes the etags of mounts into that of a folder above them. What is mounted
// at it is no part of that: its root has the etag of its node.
func blend(e *Entry, below []*Mount, roots map[int64]tree.Node) {
	h := fnv.New64a()
	mixed := false
	for _, m := range below {
		n, there := roots[m.Root]
		if !there {
			continue
		}
		mixed = true
		fmt.Fprintf(h, "%q %d %d %d\n", m.at(), n.ID, n.ETag, m.Perm)
	}
	if mixed {
		e.ETag ^= int64(h.Sum64() >> 1)
	}
}

var errUnseen = fault.New(fault.Denied, "You may not see what is in this folder.")

// List yields a folder's entries by name, mounts last. The folder comes from
// Stat, so that its etag is not newer than what is listed. However much is mounted
// below it, that costs two statements and what there is to settle.
func (v *View) List(ctx context.Context, folder *Entry) iter.Seq2[*Entry, error] {
	if folder.Mount.way {
		return v.listWay(ctx, folder)
	}
	return func(yield func(*Entry, error) bool) {
		if folder.Perm()&Read == 0 {
			yield(nil, errUnseen)
			return
		}
		l := &listing{v: v, prefix: strings.TrimSuffix(folder.Path, "/") + "/", inside: folder.inside()}
		if err := l.prepare(ctx, segments(folder.Path)); err != nil {
			yield(nil, err)
			return
		}
		for n, err := range v.tree.Children(ctx, folder.ID) {
			if err != nil {
				yield(nil, err)
				return
			}
			if l.covered[n.Name] {
				continue
			}
			if e, err := l.child(ctx, n); !yield(e, err) || err != nil {
				return
			}
		}
		for _, m := range l.here {
			if e, err := l.mount(ctx, m); !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// listing is one List: what is mounted below the folder, read before its children.
type listing struct {
	v       *View
	prefix  string
	inside  *Mount // of what lies in the folder
	here    []*Mount
	covered map[string]bool     // names at which something is mounted
	deeper  map[string][]*Mount // what is mounted below a child, by its name
	roots   map[int64]tree.Node
}

func (l *listing) prepare(ctx context.Context, at []string) (err error) {
	below := l.v.beneath(at)
	if l.roots, err = l.v.roots(ctx, below); err != nil || len(below) == 0 {
		return err
	}
	l.covered, l.deeper = map[string]bool{}, map[string][]*Mount{}
	for _, m := range below {
		name := m.Path[len(at)]
		if len(m.Path) > len(at)+1 {
			l.deeper[name] = append(l.deeper[name], m)
		} else if _, there := l.roots[m.Root]; there {
			l.here = append(l.here, m)
			l.covered[name] = true
		}
	}
	slices.SortFunc(l.here, func(a, b *Mount) int { return slices.Compare(a.Path, b.Path) })
	return nil
}

func (l *listing) child(ctx context.Context, n tree.Node) (*Entry, error) {
	e, err := l.v.entry(ctx, n, l.inside, l.prefix+n.Name)
	if err == nil && n.IsDir() {
		blend(e, l.deeper[n.Name], l.roots)
	}
	return e, err
}

func (l *listing) mount(ctx context.Context, m *Mount) (*Entry, error) {
	e, err := l.v.entry(ctx, l.roots[m.Root], m, m.at())
	switch {
	case err != nil || !e.IsDir():
		return e, err
	case m.way:
		return e, l.v.showWay(ctx, e)
	}
	blend(e, l.deeper[m.Path[len(m.Path)-1]], l.roots)
	return e, nil
}
