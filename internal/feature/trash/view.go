package trash

import (
	"context"
	"errors"
	"path"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// shown are the items of somebody's trash that they may see, with the nodes they
// stand for. It costs five statements for any number.
func (rm *Room) shown(ctx context.Context, p *who.Principal) ([]Item, map[int64]tree.Node, error) {
	items, err := rm.held(ctx, p.ID)
	if err != nil || len(items) == 0 {
		return nil, nil, err
	}
	return rm.sift(ctx, p, items)
}

// sift leaves of items those that are there, and of what belongs to others those
// whose folder the viewer reaches.
func (rm *Room) sift(ctx context.Context, p *who.Principal, items []Item) ([]Item, map[int64]tree.Node, error) {
	var ids, folders []int64
	for _, it := range items {
		ids = append(ids, it.Node)
		if !it.own() {
			folders = append(folders, it.Folder)
		}
	}
	own, err := rm.tree.SpaceOf(ctx, rm.db, tree.Trash, p.ID)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, nil, err
	}
	if err == nil { // sizes of folders
		if err := rm.tree.Settle(ctx, own.Root); err != nil {
			return nil, nil, err
		}
	}
	var reached map[int64]*files.Entry
	if len(folders) > 0 {
		v, err := rm.files.As(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		if reached, err = v.Seen(ctx, folders); err != nil {
			return nil, nil, err
		}
	}
	nodes, err := rm.tree.Some(ctx, rm.db, ids)
	if err != nil {
		return nil, nil, err
	}
	var out []Item
	for _, it := range items {
		n, there := nodes[it.Node]
		if there && n.Parent == it.Space && (it.own() && it.Space == own.Root || !it.own() && reached[it.Folder] != nil) {
			out = append(out, it)
		}
	}
	return out, nodes, nil
}

// found is something in a trash: an item, or what lies below one.
type found struct {
	Item
	*files.Entry             // its Path is the one below the item, "/" for itself
	view         *files.View // of the item
}

// look finds an item, or what lies below it.
func (rm *Room) look(ctx context.Context, p *who.Principal, name string, deleted int64, below string) (*found, error) {
	it, err := rm.find(ctx, p.ID, name, deleted)
	if err != nil {
		return nil, missing(err)
	}
	left, _, err := rm.sift(ctx, p, []Item{it})
	if err != nil {
		return nil, err
	}
	if len(left) == 0 {
		return nil, missing(fault.NotFound)
	}
	perm := files.Read
	if it.own() {
		perm |= files.Delete
	}
	v, err := rm.files.Through(ctx, p, files.Mount{Space: it.Space, Root: it.Node, Perm: perm, Owner: it.Owner})
	if err != nil {
		return nil, err
	}
	e, err := v.Stat(ctx, below)
	if err != nil {
		return nil, missing(err)
	}
	return &found{it, e, v}, nil
}

// mayTake refuses to take somebody else's from where it was to those who could not
// take it out of there today.
func (rm *Room) mayTake(ctx context.Context, v *files.View, f *found) error {
	if f.own() {
		return nil
	}
	seen, err := v.Seen(ctx, []int64{f.Folder})
	if at := seen[f.Folder]; err == nil && (at == nil || at.Perm()&files.Delete == 0) {
		err = fault.New(fault.Denied, "This belongs to somebody else.")
	}
	return err
}

func missing(err error) error {
	if errors.Is(err, fault.NotFound) {
		return fault.Wrap(fault.NotFound, err, "This is not in the trash.")
	}
	return err
}

// top tells whether f is an item itself.
func (f *found) top() bool { return f.Path == "/" }

// base is what it was called.
func (f *found) base() string {
	if f.top() {
		return f.Name
	}
	return f.Entry.Name
}

// location is where it was, as the holder saw it.
func (f *found) location() string { return f.within(f.Path) }

// restore brings something back to where it was; when that place is gone, to the
// root; when its name is taken, under a free one. It tells where it is now.
func (rm *Room) restore(ctx context.Context, p *who.Principal, f *found) (*files.Entry, error) {
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	dir, err := rm.home(ctx, v, f)
	if err != nil {
		return nil, err
	}
	to := path.Join(dir, f.base())
	for try := 0; ; try++ {
		_, back, err := rm.put(ctx, v, f, to, files.Refuse)
		if err == nil || try == maxTries || !errors.Is(err, fault.Exists) && !errors.Is(err, fault.Conflict) && !errors.Is(err, fault.Stale) {
			return back, err
		}
		if to, err = freeName(ctx, v, path.Join(dir, f.base())); err != nil {
			return nil, err
		}
	}
}

// maxTries is how often somebody else may take the name that was just free.
const maxTries = 10

// put brings something back to a path.
func (rm *Room) put(ctx context.Context, v *files.View, f *found, to string, clash files.Clash) (bool, *files.Entry, error) {
	n := f.Node()
	return v.Return(ctx, n, f.Space, to, clash, func(tx *db.DB) error { return rm.drop(ctx, tx, n.ID) })
}

// Node is the node that f stands for.
func (f *found) Node() tree.Node { return f.Entry.Node }

// home is the folder that something goes back to: the one it was in, wherever that
// is by now, or what is at its path.
func (rm *Room) home(ctx context.Context, v *files.View, f *found) (string, error) {
	if f.top() {
		seen, err := v.Seen(ctx, []int64{f.Folder})
		if err != nil {
			return "", err
		}
		if at := seen[f.Folder]; at != nil {
			return at.Path, nil
		}
	}
	if !f.own() {
		return "", fault.New(fault.Denied, "Its folder is not shared with you any more.")
	}
	e, err := v.Stat(ctx, path.Dir(f.location()))
	if err == nil && e.IsDir() {
		return e.Path, nil
	}
	if err != nil && !errors.Is(err, fault.NotFound) {
		return "", err
	}
	return "/", nil
}

// remove deletes something in the trash for good. What is somebody else's only
// leaves the list.
func (rm *Room) remove(ctx context.Context, f *found) error {
	if !f.own() {
		if !f.top() {
			return fault.New(fault.Denied, "This belongs to somebody else.")
		}
		return rm.unlist(ctx, f.Item)
	}
	n := f.Node()
	return rm.files.Discard(ctx, n, f.Space, func(tx *db.DB) error { return rm.drop(ctx, tx, n.ID) })
}
