package files

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/tree"
)

// A credential may be limited to some nodes. Its view has these as mounts of
// their own, its tops, so that what is asked for below one is looked up from the
// node and not from a path that may lead elsewhere by now. The folders above them
// are the way: they can be seen, but not changed, and hold nothing but what leads
// to a top. All else does not exist.

// narrow limits a view to some nodes, with one statement. Nodes that the view
// does not reach, or not any more, open nothing.
func (v *View) narrow(ctx context.Context, nodes []int64) error {
	chains, err := v.tree.Up(ctx, nodes...)
	if err != nil {
		return err
	}
	var tops []Mount
	for _, id := range nodes {
		m, at, ok := v.through(chains[id])
		if !ok {
			continue
		}
		if len(at) == 0 {
			return nil // the whole tree
		}
		top := *m
		top.Path, top.Root = at, id
		tops = append(tops, top)
	}
	slices.SortFunc(tops, func(a, b Mount) int { return slices.Compare(a.Path, b.Path) })
	v.tops = [][]string{}
	mounts := v.mounts
	v.mounts = []Mount{mounts[0].asWay()}
	for _, t := range tops {
		if n := len(v.tops); n > 0 && leads(v.tops[n-1], t.Path) {
			continue // lies in the one before
		}
		v.tops = append(v.tops, t.Path)
		if slices.ContainsFunc(mounts[1:], func(m Mount) bool { return slices.Equal(m.Path, t.Path) }) {
			continue // a mount already
		}
		held := t
		held.Perm &^= Delete
		held.fixed = true
		t.held = &held
		v.mounts = append(v.mounts, t)
	}
	for _, m := range mounts[1:] {
		switch {
		case slices.ContainsFunc(v.tops, func(top []string) bool { return leads(top, m.Path) }):
			v.mounts = append(v.mounts, m)
		case v.onWay(m.Path):
			v.mounts = append(v.mounts, m.asWay())
		}
	}
	for i := range v.mounts { // which do not move any more
		if m := &v.mounts[i]; m.held != nil {
			m.held.top = m
		}
	}
	return nil
}

// inside is the mount of what lies below an entry.
func (e *Entry) inside() *Mount {
	if e.Mount.top != nil {
		return e.Mount.top
	}
	return e.Mount
}

func (m Mount) asWay() Mount {
	m.Perm &= Read
	m.way, m.fixed = true, true
	return m
}

// through tells by which mount the view reaches the node at the end of a chain,
// and at which names.
func (v *View) through(chain []tree.Node) (*Mount, []string, bool) {
	for i := range v.mounts {
		m := &v.mounts[i]
		at := slices.IndexFunc(chain, func(n tree.Node) bool { return n.ID == m.Root })
		if at < 0 {
			continue
		}
		p := slices.Clone(m.Path)
		for _, n := range chain[at+1:] {
			p = append(p, n.Name)
		}
		return m, p, true
	}
	return nil, nil, false
}

// leads tells whether names lie at or below others.
func leads(top, p []string) bool { return len(p) >= len(top) && slices.Equal(p[:len(top)], top) }

// onWay tells whether a top lies below these names.
func (v *View) onWay(p []string) bool {
	return slices.ContainsFunc(v.tops, func(top []string) bool { return len(top) > len(p) && leads(p, top) })
}

// hides tells whether what a mount has at these names does not exist here.
func (v *View) hides(m *Mount, p []string) bool {
	return m.way && !v.onWay(p) && (len(p) > 0 || v.tops == nil)
}

// locateFixed finds the place of what a limited credential may not make, move
// or delete: the way, a top itself, and what would be new beside them.
func (v *View) locateFixed(ctx context.Context, m *Mount, segs []string) (*spot, error) {
	s := &spot{mount: m, name: segs[len(segs)-1], path: "/" + strings.Join(segs, "/")}
	if m.way && !v.onWay(segs) {
		if above := segs[:len(segs)-1]; len(above) > 0 && !v.onWay(above) {
			return nil, ErrNoParent
		}
		return s, nil // its mount allows nothing
	}
	e, err := v.Stat(ctx, s.path)
	if err != nil {
		return nil, err
	}
	s.mount, s.cur = e.Mount, e
	if !m.way {
		s.standIn(e)
	}
	return s, nil
}

// errOnly says that a file to which a credential is limited is not there any
// more, so that nothing may take its place.
var errOnly = fault.New(fault.Stale, "The file was moved or deleted by somebody else at the same time.")

// nextOnWay lists what a folder on the way holds, by name.
func (v *View) nextOnWay(folder []string) (out []string) {
	for _, top := range v.tops {
		if len(top) > len(folder) && leads(folder, top) {
			out = append(out, top[len(folder)])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// listWay yields what a folder on the way shows. What is gone since the view was
// made is no reason to leave it out: a sync client would delete it.
func (v *View) listWay(ctx context.Context, folder *Entry) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		prefix := strings.TrimSuffix(folder.Path, "/") + "/"
		for _, name := range v.nextOnWay(segments(folder.Path)) {
			e, err := v.Stat(ctx, prefix+name)
			if errors.Is(err, fault.NotFound) {
				err = fault.Wrap(fault.Unavailable, err, "The folder was moved at this very moment. Please try again.")
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// segments are the names in an entry's path.
func segments(p string) []string {
	if p == "/" {
		return nil
	}
	return strings.Split(p[1:], "/")
}

// showWay gives a folder on the way the etag and the size of what it shows.
func (v *View) showWay(ctx context.Context, e *Entry) error {
	var shown []*Mount
	for _, m := range v.beneath(segments(e.Path)) {
		if !m.way {
			shown = append(shown, m)
		}
	}
	roots, err := v.roots(ctx, shown)
	if err != nil {
		return err
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\n", e.ID)
	e.Size = 0
	for _, m := range shown {
		n := roots[m.Root] // of one that is gone, the zero Node
		fmt.Fprintf(h, "%q %d %d %d\n", m.Path, n.ID, n.ETag, m.Perm)
		if slices.ContainsFunc(v.tops, func(top []string) bool { return slices.Equal(top, m.Path) }) {
			e.Size += n.Size
		}
	}
	e.ETag = int64(h.Sum64() >> 1)
	return nil
}

// gatherWay finds the folders on the way below a folder.
func (v *View) gatherWay(ctx context.Context, folder *Entry, where func(*Mount) tree.Pred, q *tree.Query, hits *[]found) error {
	from, seen := segments(folder.Path), map[string]bool{}
	for _, top := range v.tops {
		for n := len(from) + 1; n < len(top) && leads(from, top); n++ {
			at := "/" + strings.Join(top[:n], "/")
			if seen[at] {
				continue
			}
			seen[at] = true
			e, err := v.Stat(ctx, at)
			if err != nil {
				return err
			}
			if pred := where(e.Mount); pred.Holds(&e.Node, tree.FolderType) {
				*hits = append(*hits, found{q.HitOf(&e.Node, tree.FolderType), e.Mount})
			}
		}
	}
	return nil
}

// Paths tells where somebody sees nodes; those they do not see are left out.
func (s *Service) Paths(ctx context.Context, p *who.Principal, ids []int64) (map[int64]string, error) {
	v, err := s.As(ctx, p)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	out := map[int64]string{}
	return out, v.places(ctx, ids, func(n tree.Node, _ *Mount, at string) error {
		out[n.ID] = at
		return nil
	})
}
