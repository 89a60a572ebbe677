package readable

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
)

// visit is a piece of work on the tree, done while it is held: what it has read
// from the tables and opened on the disk.
type visit struct {
	r      *Room
	s      *shelf.Shelf
	chains map[int64][]tree.Node
	homes  map[int64]string    // by root
	dirs   map[int64]shelf.Dir // the folders of nodes; shelf.Nowhere: not in its place
	todo   map[int64]bool      // folders to be looked through later
	away   map[int64]bool      // folders that were not in their places
	parts  map[int64]bool      // files to be made of one piece first
	empty  map[int64]bool      // folders that began empty: of all that is in them now events tell
	covers bool                // this is part of a job that looks through everything below
	strict bool                // look at the blobs too, and change nothing
	look   []spot              // spots where something is that others put there
}

func (r *Room) visit(s *shelf.Shelf) *visit {
	return &visit{r: r, s: s, chains: map[int64][]tree.Node{}, homes: map[int64]string{}, dirs: map[int64]shelf.Dir{},
		todo: map[int64]bool{}, away: map[int64]bool{}, parts: map[int64]bool{}}
}

// close closes the folders, and tells the watch of what it may want to adopt.
func (v *visit) close() {
	for _, d := range v.dirs {
		d.Close()
	}
	if w := v.r.watch.Load(); w != nil {
		w.notice(v.look...)
	}
}

// learn reads where nodes lie, and whose homes they lie in.
func (v *visit) learn(ctx context.Context, nodes ...int64) error {
	ids := slices.DeleteFunc(slices.Clone(nodes), func(id int64) bool { return id == 0 || v.chains[id] != nil })
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	chains, err := v.r.tree.Up(ctx, slices.Compact(ids)...)
	if err != nil {
		return err
	}
	var roots []int64
	for id, chain := range chains {
		v.chains[id] = chain
		if root := chain[0]; root.Parent == 0 && v.homes[root.ID] == "" {
			roots = append(roots, root.ID)
		}
	}
	slices.Sort(roots)
	homes, err := v.r.tree.Homes(ctx, v.r.db, slices.Compact(roots))
	for root, owner := range homes {
		v.homes[root] = owner
	}
	return err
}

// shown tells whether a node that was learned belongs into the tree: it lies in
// a home, all the way up to its root.
func (v *visit) shown(node int64) bool {
	chain := v.chains[node]
	return len(chain) > 0 && chain[0].Parent == 0 && v.homes[chain[0].ID] != ""
}

// dir is the open folder of a node that was learned, or shelf.Nowhere when that is not
// in its place; then what is in the way is put down for later.
func (v *visit) dir(node int64) (shelf.Dir, error) {
	if d, ok := v.dirs[node]; ok {
		return d, nil
	}
	chain := v.chains[node]
	d, err := v.home(chain[0])
	for _, n := range chain[1:] {
		if err != nil || d == shelf.Nowhere {
			break
		}
		known, ok := v.dirs[n.ID]
		if !ok {
			if known, err = v.enter(d, n); err != nil {
				break
			}
			v.dirs[n.ID] = known
		}
		d = known
	}
	if err != nil {
		return shelf.Nowhere, err
	}
	v.dirs[node] = d
	return d, nil
}

// enter opens a folder if it is that of the node.
func (v *visit) enter(parent shelf.Dir, n tree.Node) (shelf.Dir, error) {
	d, err := parent.OpenDir(n.Name)
	if shelf.Missing(err) {
		v.away[n.ID] = true
		return shelf.Nowhere, nil
	}
	if err != nil {
		return shelf.Nowhere, err
	}
	m, ours, err := d.Self()
	if err == nil && (!ours || m.ID != n.ID) {
		v.away[n.ID] = true
	} else if err == nil {
		return d, nil
	}
	d.Close()
	return shelf.Nowhere, err
}

// home opens a home's folder, users/<owner>/files, and makes it if need be. One
// that is not marked as this home's is looked through later.
func (v *visit) home(root tree.Node) (shelf.Dir, error) {
	if d, ok := v.dirs[root.ID]; ok {
		return d, nil
	}
	if v.strict {
		return v.enterHome(root)
	}
	user, err := v.s.Users.Plain(v.homes[root.ID])
	if err != nil {
		return shelf.Nowhere, err
	}
	defer user.Close()
	if err := v.evictHome(user, root.ID); err != nil {
		return shelf.Nowhere, err
	}
	d, err := user.Plain(shelf.FilesName)
	if err != nil {
		return shelf.Nowhere, err
	}
	_, ours, err := d.Self()
	if err == nil && !ours {
		v.todo[root.ID] = true
		err = d.Claim(root.ID)
	}
	if err != nil {
		d.Close()
		return shelf.Nowhere, err
	}
	v.watched(d, root.ID)
	v.dirs[root.ID] = d
	return d, nil
}

// enterHome opens a home's folder if it is there.
func (v *visit) enterHome(root tree.Node) (shelf.Dir, error) {
	user, err := v.s.Users.OpenDir(v.homes[root.ID])
	if shelf.Missing(err) {
		return shelf.Nowhere, nil
	}
	if err != nil {
		return shelf.Nowhere, err
	}
	defer user.Close()
	n := root
	n.Name = shelf.FilesName
	d, err := v.enter(user, n)
	if err == nil {
		v.dirs[root.ID] = d
	}
	return d, err
}

// judge is judge, and strictly: a file's link must lead to its blob.
func (v *visit) judge(e *shelf.Entry, n *tree.Node) (verdict, error) {
	is := judge(e, n)
	if is != right || !v.strict || n == nil || n.IsDir() || e.Mark.Apart {
		return is, nil
	}
	ino, err := v.s.Inode(content.Key(n.Content))
	if err == nil && ino != e.Ino {
		is = stale
	}
	return is, err
}

// watched has the kernel tell of changes in a folder, where somebody watches.
func (v *visit) watched(d shelf.Dir, node int64) {
	if w := v.r.watch.Load(); w != nil {
		w.add(d, node)
	}
}

// settle makes the disk say at every spot what the tables say. First folders
// leave the places where they are not to be any more. Then come the spots from
// the top down, so that a folder that moved is in its new place when what is in
// it is looked at.
func (v *visit) settle(ctx context.Context, a *asks) error {
	v.empty = a.empty
	truth, err := v.truth(ctx, a)
	if err != nil {
		return err
	}
	byParent := map[int64][]spot{}
	var parents []int64
	for _, s := range a.spots {
		if s.parent == 0 {
			if err := v.owner(ctx, s.name); err != nil {
				return err
			}
			continue
		}
		if byParent[s.parent] == nil && v.shown(s.parent) {
			parents = append(parents, s.parent)
		}
		byParent[s.parent] = append(byParent[s.parent], s)
	}
	depth := func(id int64) int { return len(v.chains[id]) }
	slices.SortStableFunc(parents, func(a, b int64) int { return cmp.Compare(depth(a), depth(b)) })
	vacate := v.vacate(a)
	for _, p := range parents {
		if err := v.each(ctx, byParent[p], truth, vacate); err != nil {
			return err
		}
	}
	v.forget()
	for len(parents) > 0 {
		n := 1
		for n < len(parents) && depth(parents[n]) == depth(parents[0]) {
			n++
		}
		for _, step := range []func(context.Context, spot, *tree.Node) error{vacate, v.fix} {
			for _, p := range parents[:n] {
				if err := v.each(ctx, byParent[p], truth, step); err != nil {
					return err
				}
			}
		}
		parents = parents[n:]
	}
	maps.Copy(v.todo, v.away)
	if !slices.ContainsFunc(a.spots, func(s spot) bool { return !a.plain[s] }) {
		return nil
	}
	_, err = v.tidy(ctx)
	return err
}

// forget has folders looked for again that were not in their places.
func (v *visit) forget() {
	for node, d := range v.dirs {
		if d == shelf.Nowhere {
			delete(v.dirs, node)
		}
	}
	clear(v.away)
}

func (v *visit) each(ctx context.Context, spots []spot, truth map[spot]*tree.Node, step func(context.Context, spot, *tree.Node) error) error {
	for _, s := range spots {
		if err := v.patient(s, step(ctx, s, truth[s])); err != nil {
			return err
		}
	}
	return nil
}

// patient lets nothing but the disk's own failures stop the work.
func (v *visit) patient(s spot, err error) error {
	if err == nil || !shelf.Hopeless(err) {
		return err
	}
	v.r.Log.Warn("a file cannot stand in the readable tree", "folder", s.parent, "name", s.name, "error", err)
	return nil
}

// truth reads what the tables say of the spots: nil for nothing.
func (v *visit) truth(ctx context.Context, a *asks) (map[spot]*tree.Node, error) {
	parents := map[int64]bool{}
	for _, s := range a.spots {
		parents[s.parent] = true
	}
	if err := v.learn(ctx, slices.Sorted(maps.Keys(parents))...); err != nil {
		return nil, err
	}
	nodes, err := v.r.tree.Some(ctx, v.r.db, slices.Sorted(maps.Keys(a.nodes)))
	if err != nil {
		return nil, err
	}
	out := make(map[spot]*tree.Node, len(a.spots))
	open := map[int64][]string{}
	for _, s := range a.spots {
		if s.parent == 0 || !v.shown(s.parent) {
			continue
		}
		if n, ok := nodes[a.at[s]]; ok && n.Parent == s.parent && n.Name == s.name {
			out[s] = &n
			continue
		}
		open[s.parent] = append(open[s.parent], s.name)
	}
	for parent, names := range open {
		found, err := v.r.tree.Named(ctx, v.r.db, parent, names)
		if err != nil {
			return nil, err
		}
		for name, n := range found {
			out[spot{parent, name}] = &n
		}
	}
	return out, nil
}

// owner looks at the spot of a home. One that nobody has any more is removed
// with everything in it: the account is gone.
func (v *visit) owner(ctx context.Context, uid string) error {
	if uid == "" || shelf.CheckName(uid) != nil || uid == shelf.OwnName {
		return nil
	}
	sp, err := v.r.tree.SpaceOf(ctx, v.r.db, tree.Home, uid)
	if err == nil {
		v.todo[sp.Root] = true // somebody else's, of the same name
	}
	if !errors.Is(err, fault.NotFound) && err != nil {
		return err
	}
	user, oerr := v.s.Users.OpenDir(uid)
	if shelf.Missing(oerr) {
		return nil
	}
	if oerr != nil {
		return oerr
	}
	defer user.Close()
	if err == nil {
		return v.evictHome(user, sp.Root)
	}
	return v.s.DropUser(uid)
}

// evictHome removes what a user had whose name somebody else bears now.
func (v *visit) evictHome(user shelf.Dir, root int64) error {
	d, err := user.OpenDir(shelf.FilesName)
	if shelf.Missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	m, ours, err := d.Self()
	if err != nil || !ours || m.ID == root {
		return err
	}
	if err := v.s.Park(user, shelf.FilesName, m.ID); err != nil {
		return err
	}
	return v.s.DropParked(m.ID)
}
