package files

import (
	"context"
	"iter"
	"slices"
	"strings"

	"atrium/internal/core/tree"
)

// searchBatch is how many finds are looked up together.
const searchBatch = 500

// found is a find and the mount through which it is seen.
type found struct {
	tree.Hit
	mount *Mount
}

// Search yields what lies below a folder and meets a condition, in the order that
// q asks for. where makes the condition for each mount, since some things, such as
// the owner, are the same for all that lies in one. Its cost is that of
// tree.Search, once for the folder and once for each mount below it, and two
// statements for each 500 finds that are read; none is open while the caller
// works.
func (v *View) Search(ctx context.Context, folder *Entry, where func(*Mount) tree.Pred, q tree.Query) (iter.Seq2[*Entry, error], error) {
	if folder.Perm()&Read == 0 {
		return nil, errUnseen
	}
	var hits []found
	mounts := v.below(folder)
	one := q
	several := len(mounts) > 0 || folder.Mount.way
	if several { // each has what may come first
		one.Offset = 0
		if q.Limit > 0 {
			one.Limit = q.Limit + q.Offset
		}
	}
	gather := func(m *Mount, top int64) error {
		one.Where = where(m)
		hs, err := v.tree.Search(ctx, top, one)
		for _, h := range hs {
			hits = append(hits, found{h, m})
		}
		return err
	}
	if folder.Mount.way {
		if err := v.gatherWay(ctx, folder, where, &one, &hits); err != nil {
			return nil, err
		}
	} else if err := gather(folder.inside(), folder.ID); err != nil {
		return nil, err
	}
	for _, m := range mounts {
		if err := v.gatherMount(ctx, m, &one, &hits, where(m)); err != nil {
			return nil, err
		}
		if err := gather(m, m.Root); err != nil {
			return nil, err
		}
	}
	if several {
		slices.SortStableFunc(hits, func(a, b found) int { return q.Compare(a.Hit, b.Hit) })
		hits = hits[min(q.Offset, len(hits)):]
		if q.Limit > 0 {
			hits = hits[:min(q.Limit, len(hits))]
		}
	}
	return v.entries(ctx, hits), nil
}

// below lists the readable mounts under a folder.
func (v *View) below(folder *Entry) (out []*Mount) {
	prefix := strings.TrimSuffix(folder.Path, "/") + "/"
	for i := range v.mounts[1:] {
		m := &v.mounts[i+1]
		if m.Perm&Read != 0 && !m.way && strings.HasPrefix(m.at(), prefix) && m.Root != folder.ID {
			out = append(out, m)
		}
	}
	return out
}

// gatherMount finds a mount's root itself, which bears another name in this view.
func (v *View) gatherMount(ctx context.Context, m *Mount, q *tree.Query, hits *[]found, where tree.Pred) error {
	n, err := v.resolve(ctx, m, nil)
	if err != nil {
		return err
	}
	n.Name = m.Path[len(m.Path)-1]
	mediaType := tree.FolderType
	if !n.IsDir() {
		if mediaType, err = v.tree.MimeType(ctx, n.Mime); err != nil {
			return err
		}
	}
	q.Where = where
	err = q.Date(ctx, v.tree, &n)
	if err == nil && where.Holds(&n, mediaType) {
		*hits = append(*hits, found{q.HitOf(&n, mediaType), m})
	}
	return err
}

// Among yields those entries with certain ids that lie in a folder, the folder
// itself included, by id.
func (v *View) Among(ctx context.Context, folder *Entry, ids []int64) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		if len(ids) == 0 {
			return
		}
		wanted := make(map[int64]bool, len(ids))
		for _, id := range ids {
			wanted[id] = true
		}
		where := tree.Pred{Op: tree.In, Field: tree.ByID, IDs: wanted}
		es, err := v.Search(ctx, folder, func(*Mount) tree.Pred { return where }, tree.Query{})
		if err != nil {
			yield(nil, err)
			return
		}
		self := wanted[folder.ID]
		for e, err := range es {
			if err == nil && self && e.ID > folder.ID {
				self = false
				if !yield(folder, nil) {
					return
				}
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
		if self {
			yield(folder, nil)
		}
	}
}

// entries reads finds in batches. What is gone meanwhile is left out.
func (v *View) entries(ctx context.Context, hits []found) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		paths := map[int64]string{} // of folders, by mount root and below
		for batch := range slices.Chunk(hits, searchBatch) {
			es, err := v.entryBatch(ctx, batch, paths)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, e := range es {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

func (v *View) entryBatch(ctx context.Context, batch []found, paths map[int64]string) ([]*Entry, error) {
	ids := make([]int64, len(batch))
	for i, h := range batch {
		ids[i] = h.ID
	}
	nodes, err := v.tree.Some(ctx, v.db, ids)
	if err != nil {
		return nil, err
	}
	var parents []int64
	for _, n := range nodes {
		if _, known := paths[n.Parent]; !known && n.Parent != 0 {
			parents = append(parents, n.Parent)
		}
	}
	slices.Sort(parents)
	chains, err := v.tree.Up(ctx, slices.Compact(parents)...)
	if err != nil {
		return nil, err
	}
	for id, chain := range chains {
		paths[id] = PathOf(chain)
	}
	var out []*Entry
	for _, h := range batch {
		n, there := nodes[h.ID]
		if !there {
			continue
		}
		at, ok, err := v.seenAs(ctx, n, h.mount, paths)
		if err != nil {
			return nil, err
		}
		if !ok { // moved away meanwhile
			continue
		}
		e, err := v.entry(ctx, n, h.mount, at)
		if err != nil {
			return nil, err
		}
		if n.IsDir() {
			if err := v.mix(ctx, e); err != nil {
				return nil, err
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// seenAs is a node's path in the view, through a mount; not ok if it is not below
// that any more. paths are those of folders in their spaces.
func (v *View) seenAs(ctx context.Context, n tree.Node, m *Mount, paths map[int64]string) (string, bool, error) {
	at := m.at()
	if n.ID == m.Root {
		return at, true, nil
	}
	top := ""
	if m.Root != m.Space {
		if _, known := paths[m.Root]; !known {
			chains, err := v.tree.Up(ctx, m.Root)
			if err != nil {
				return "", false, err
			}
			paths[m.Root] = PathOf(chains[m.Root])
		}
		top = paths[m.Root]
	}
	parent, known := paths[n.Parent]
	rest, inside := strings.CutPrefix(parent, top)
	if !known || !inside || rest != "" && rest[0] != '/' {
		return "", false, nil
	}
	return strings.TrimSuffix(at, "/") + rest + "/" + n.Name, true, nil
}
