package readable

import (
	"context"
	"errors"
	"strconv"

	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
)

// mend makes the disk say of a node, and of everything below it, what the tables
// say, wherever the node is now. The tree is held for one folder at a time.
func (r *Room) mend(ctx context.Context, node int64) error {
	s, err := r.disk(ctx)
	if errors.Is(err, shelf.ErrCannot) {
		return nil
	}
	if err != nil {
		return err
	}
	folders := []int64{node}
	if err := r.mendSpot(ctx, s, node); err != nil {
		return err
	}
	for len(folders) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		last := len(folders) - 1
		below, err := r.mendFolder(ctx, s, folders[last])
		if err != nil {
			return err
		}
		folders = append(folders[:last], below...)
	}
	return nil
}

// mendSpot puts a node itself to its place.
func (r *Room) mendSpot(ctx context.Context, s *shelf.Shelf, node int64) error {
	return r.holding(ctx, s, func(v *visit) error {
		v.covers = true
		if err := v.learn(ctx, node); err != nil {
			return err
		}
		chain := v.chains[node]
		if !v.shown(node) || len(chain) == 1 {
			return nil
		}
		n := chain[len(chain)-1]
		a := newAsks()
		a.see(n.Parent, n.Name, n.ID)
		if err := v.settle(ctx, a); err != nil {
			return err
		}
		v.done(node) // it is being looked through
		d, err := v.dir(node)
		if err != nil || d == shelf.Nowhere {
			return err
		}
		// It is in its place: what may be left of it between two places is not needed.
		_, err = s.Parked.Prune(shelf.ParkedAs(node))
		return err
	})
}

// done says that a node needs no job.
func (v *visit) done(node int64) {
	delete(v.todo, node)
	delete(v.away, node)
}

// holding does something while the tree is held.
func (r *Room) holding(ctx context.Context, s *shelf.Shelf, f func(v *visit) error) error {
	release, err := s.Hold()
	if err != nil {
		return shelf.Broken(err)
	}
	defer release()
	v := r.visit(s)
	defer v.close()
	if err := f(v); err != nil {
		return shelf.Broken(err)
	}
	return v.leave(ctx)
}

// mendFolder mends what lies directly in a folder, and returns the folders that
// lie in it.
func (r *Room) mendFolder(ctx context.Context, s *shelf.Shelf, node int64) (below []int64, err error) {
	err = r.holding(ctx, s, func(v *visit) error {
		v.covers = true
		found, err := v.inspect(ctx, node)
		if err != nil || found == nil {
			v.done(node) // its place was just looked at; again would not help
			return err
		}
		for _, n := range found.folders {
			below = append(below, n.ID)
		}
		for _, step := range []func(context.Context, spot, *tree.Node) error{v.vacate(newAsks()), v.fix} {
			for _, x := range found.wrong {
				if err := v.patient(x.spot, step(ctx, x.spot, x.node)); err != nil {
					return err
				}
			}
		}
		for _, n := range found.folders {
			v.done(n.ID)
		}
		return nil
	})
	return below, err
}

// finding is a difference between the tables and the disk.
type finding struct {
	spot
	is    verdict
	node  *tree.Node   // what the tables say; nil for nothing
	entry *shelf.Entry // what the disk says; nil for nothing
}

// found is what a look into one folder gave.
type found struct {
	path    []string // names below the home
	owner   string
	wrong   []finding
	folders []tree.Node // that the tables have in it
	files   int         // that the tables have in it
}

// inspect compares a folder's entries with the tables: nil if it does not lie in
// a home (any more), or is not in its place on the disk.
func (v *visit) inspect(ctx context.Context, node int64) (*found, error) {
	if err := v.learn(ctx, node); err != nil {
		return nil, err
	}
	chain := v.chains[node]
	if !v.shown(node) || !chain[len(chain)-1].IsDir() {
		return nil, nil
	}
	d, err := v.dir(node)
	if err != nil || d == shelf.Nowhere {
		return nil, err
	}
	out := v.found(node)
	there := map[string]*shelf.Entry{}
	names, err := d.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		e, err := d.Stat(name)
		if err != nil {
			return nil, err
		}
		if e != nil {
			there[name] = e
		}
	}
	for n, err := range v.r.tree.Children(ctx, node) {
		if err != nil {
			return nil, err
		}
		e := there[n.Name]
		delete(there, n.Name)
		if n.IsDir() {
			out.folders = append(out.folders, n)
		} else {
			out.files++
		}
		is, err := v.judge(e, &n)
		if err != nil {
			return nil, err
		}
		if is != right || !n.IsDir() && e.MTime != n.MTime.UnixNano() {
			out.wrong = append(out.wrong, finding{spot{node, n.Name}, is, &n, e})
		}
	}
	for name, e := range there {
		out.wrong = append(out.wrong, finding{spot{node, name}, judge(e, nil), nil, e})
	}
	return out, nil
}

// mendAll mends all homes, and the folders that were left between two places.
func (r *Room) mendAll(ctx context.Context) error {
	homes, err := r.homes(ctx)
	if err != nil {
		return err
	}
	for _, sp := range homes {
		if err := r.mend(ctx, sp.Root); err != nil {
			return err
		}
	}
	return r.unparkAll(ctx)
}

// homes are all homes there are. They are collected, since what is done for each
// takes long, and a query that stays open is in the database's way.
func (r *Room) homes(ctx context.Context) (all []tree.Space, err error) {
	for sp, err := range r.tree.Spaces(ctx, tree.Home) {
		if err != nil {
			return nil, err
		}
		all = append(all, sp)
	}
	return all, nil
}

// unparkAll puts folders to their places, or removes them, that a killed process
// left between two.
func (r *Room) unparkAll(ctx context.Context) error {
	s, err := r.disk(ctx)
	if err != nil {
		return err
	}
	return r.holding(ctx, s, func(v *visit) error {
		left, err := v.tidy(ctx)
		for _, node := range left {
			v.todo[node] = true
		}
		return err
	})
}

// tidy removes parked folders whose nodes are gone or stand in their places, and
// gives those that wait for theirs.
func (v *visit) tidy(ctx context.Context) (left []int64, err error) {
	names, err := v.s.Parked.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		node, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			continue
		}
		delete(v.chains, node)
		if err := v.learn(ctx, node); err != nil {
			return nil, err
		}
		seated, err := v.seated(node)
		if err != nil {
			return nil, err
		}
		if seated {
			v.todo[node] = true // it was made anew meanwhile; which of them is whole is not known
		} else if v.shown(node) {
			left = append(left, node)
			continue
		}
		kept, err := v.s.Parked.Prune(name)
		if err == nil && kept { // what others put into it; it is in nobody's way under a name that is no node's
			v.r.Log.Warn("files that somebody put into a removed folder are kept", "name", "kept-"+name)
			err = v.s.Parked.Rename(name, v.s.Parked, "kept-"+name)
		}
		if err != nil {
			return nil, err
		}
	}
	return left, nil
}
