package readable

import (
	"context"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
	"atrium/internal/infra/bus"
)

// finish deals with what is missing, or is ours and stands elsewhere. Only when
// all events that were under way have arrived it is certain that this is not
// our own doing. A link of ours that stands elsewhere, while it is missing in
// its place, was moved there by somebody, and so it is in the tables too. What
// is missing otherwise is put back.
func (a *adoption) finish(ctx context.Context, patience time.Duration) error {
	if len(a.later) == 0 {
		return nil
	}
	caught, err := a.r.caughtUp(ctx, patience)
	if err != nil {
		return err
	}
	if !caught {
		for _, x := range a.later {
			a.busy = append(a.busy, x.spot)
		}
		a.later, a.behind = nil, true
		return nil
	}
	lost, err := a.again(ctx)
	if err != nil {
		return err
	}
	byContent := map[int64][]finding{}
	for _, x := range lost {
		if x.is == absent && !x.node.IsDir() {
			byContent[x.node.Content] = append(byContent[x.node.Content], x)
		}
	}
	moved := map[int64]bool{}
	for _, x := range lost {
		n, err := a.elsewhere(ctx, x, byContent)
		if n != nil && err == nil {
			moved[n.ID] = true
		}
		if err = a.survive(ctx, a.name(ctx, x), err); err != nil {
			return err
		}
	}
	for _, x := range lost {
		if x.node == nil || moved[x.node.ID] || x.is != absent && x.is != stale {
			continue
		}
		if x.is == absent && a.wait != nil && a.wait(x.spot) {
			a.lost = append(a.lost, x.spot)
			continue
		}
		if err := a.survive(ctx, a.name(ctx, x), a.restore(ctx, x)); err != nil {
			return err
		}
	}
	return nil
}

// elsewhere deals with what is ours and stands where it does not belong, and
// gives the node that was moved there, if one was.
func (a *adoption) elsewhere(ctx context.Context, x finding, missing map[int64][]finding) (*tree.Node, error) {
	if x.is == strayed {
		if done, err := a.orphan(ctx, x); err != nil || done {
			return nil, err
		}
	}
	from, err := a.origin(ctx, x, missing)
	switch {
	case err != nil:
		return nil, err
	case from != nil:
		return from, a.move(ctx, from, x)
	case x.is == stale && x.node == nil:
		return nil, a.surplus(ctx, x)
	}
	return nil, nil
}

// origin finds the node that was moved to where a link or folder of ours stands.
func (a *adoption) origin(ctx context.Context, x finding, missing map[int64][]finding) (*tree.Node, error) {
	switch x.is {
	case strayed:
		return a.homeless(ctx, x.entry.Mark.ID)
	case stale:
		if m := missing[x.entry.Mark.ID]; len(m) > 0 {
			missing[x.entry.Mark.ID] = m[1:]
			return m[0].node, nil
		}
	}
	return nil, nil
}

// surplus removes a link to the bytes of one of our files that stands where the
// tables have nothing: what is left of a file that is gone, or a second name
// that somebody gave it.
func (a *adoption) surplus(ctx context.Context, x finding) error {
	err := a.r.holding(ctx, a.s, func(v *visit) error {
		asks := newAsks()
		asks.see(x.parent, x.name, 0)
		return v.settle(ctx, asks)
	})
	if err == nil {
		a.said(a.name(ctx, x), "is no file's place; the link is removed", nil)
	}
	return err
}

// orphan adopts a folder of ours whose node is gone, since others have put
// something into it.
func (a *adoption) orphan(ctx context.Context, x finding) (done bool, err error) {
	var f *found
	err = a.r.holding(ctx, a.s, func(v *visit) error {
		if err := v.learn(ctx, x.parent, x.entry.Mark.ID); err != nil {
			return err
		}
		if done = v.shown(x.parent) && !v.shown(x.entry.Mark.ID); done {
			f = v.found(x.parent)
		}
		return nil
	})
	if err != nil || !done {
		return done, err
	}
	made, err := a.adoptFolder(ctx, f, x)
	if err != nil || made == nil {
		return true, err
	}
	return true, a.tree(ctx, made.ID, atOnce)
}

// found says whose a folder is, and where it lies.
func (v *visit) found(folder int64) *found {
	chain := v.chains[folder]
	return &found{owner: v.homes[chain[0].ID], path: namesOf(chain)}
}

// again looks at what was left for later once more.
func (a *adoption) again(ctx context.Context) (lost []finding, err error) {
	asks := newAsks()
	for _, x := range a.later {
		node := int64(0)
		if x.node != nil {
			node = x.node.ID
		}
		asks.see(x.parent, x.name, node)
	}
	a.later = nil
	err = a.r.holding(ctx, a.s, func(v *visit) error {
		lost, _, err = v.compare(ctx, asks)
		return err
	})
	return lost, err
}

// compare judges spots, and gives those where the disk is not right, and those
// whose folder is not in its place.
func (v *visit) compare(ctx context.Context, asks *asks) (wrong []finding, unplaced []spot, err error) {
	truth, err := v.truth(ctx, asks)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range asks.spots {
		if !v.shown(s.parent) {
			continue
		}
		d, err := v.dir(s.parent)
		if err != nil {
			return nil, nil, err
		}
		if d == shelf.Nowhere {
			unplaced = append(unplaced, s)
			continue
		}
		e, err := d.Stat(s.name)
		if err != nil {
			return nil, nil, err
		}
		is, err := v.judge(e, truth[s])
		if err != nil {
			return nil, nil, err
		}
		if is != right {
			wrong = append(wrong, finding{s, is, truth[s], e})
		}
	}
	return wrong, unplaced, nil
}

// name is where a finding stands, for people.
func (a *adoption) name(ctx context.Context, x finding) string {
	chains, err := a.r.tree.Up(ctx, x.parent)
	if err != nil || len(chains[x.parent]) == 0 {
		return x.name
	}
	var names []string
	for _, n := range chains[x.parent][1:] {
		names = append(names, n.Name)
	}
	return pathOf(names, x.name)
}

// homeless gives the node of a folder that is not on the disk where the tables
// have it: somebody moved it. nil: it is there, or shelf.Nowhere in the tables.
func (a *adoption) homeless(ctx context.Context, node int64) (from *tree.Node, err error) {
	err = a.r.holding(ctx, a.s, func(v *visit) error {
		if err := v.learn(ctx, node); err != nil || !v.shown(node) || len(v.chains[node]) == 1 {
			return err
		}
		n := v.chains[node][len(v.chains[node])-1]
		asks := newAsks()
		asks.see(n.Parent, n.Name, n.ID)
		wrong, _, err := v.compare(ctx, asks)
		if err == nil && len(wrong) == 1 && wrong[0].is == absent {
			from = &n
		}
		return err
	})
	return from, err
}

// move does in the tables what somebody did on the disk.
func (a *adoption) move(ctx context.Context, n *tree.Node, to finding) error {
	if to.node != nil && (to.node.IsDir() || n.IsDir()) {
		return fault.New(fault.Conflict, "There is something else of this name.")
	}
	return a.r.holding(ctx, a.s, func(v *visit) error {
		if err := v.learn(ctx, n.ID, to.parent); err != nil {
			return err
		}
		if !v.shown(n.ID) || !v.shown(to.parent) {
			return nil
		}
		src, dst := v.chains[n.ID], v.chains[to.parent]
		if src[0].ID != dst[0].ID {
			return fault.New(fault.Unsupported, "It was moved to another user's files; that cannot be followed.")
		}
		view, err := a.view(ctx, v.homes[src[0].ID])
		if err != nil {
			return err
		}
		if err := a.inHome(ctx, view, namesOf(dst), to.parent); err != nil {
			return err
		}
		e, err := view.Stat(ctx, pathOf(namesOf(src[:len(src)-1]), n.Name))
		if err != nil || e.ID != n.ID {
			return err
		}
		clash := files.Refuse
		if to.node != nil {
			clash = files.Overwrite
		}
		path := pathOf(namesOf(dst), to.name)
		if _, _, err = view.Move(ctx, e, path, clash, nil); err != nil {
			return err
		}
		a.moved++
		a.said(path, "was moved here from "+e.Path, nil)
		return nil
	})
}

// namesOf are the names of a chain below the home.
func namesOf(chain []tree.Node) (names []string) {
	for _, n := range chain[min(1, len(chain)):] {
		names = append(names, n.Name)
	}
	return names
}

// restore puts back what is missing on the disk, or removes it from the tables.
func (a *adoption) restore(ctx context.Context, x finding) error {
	if not, err := a.r.notYet(ctx, x.node); err != nil || not {
		return err
	}
	if a.gone && x.is == absent {
		return a.remove(ctx, x)
	}
	err := a.r.holding(ctx, a.s, func(v *visit) error {
		asks := newAsks()
		asks.see(x.parent, x.name, x.node.ID)
		return v.settle(ctx, asks)
	})
	if err == nil {
		a.restored++
		a.said(a.name(ctx, x), "is put back", nil)
	}
	return err
}

// remove removes from the tables what is missing on the disk.
func (a *adoption) remove(ctx context.Context, x finding) error {
	chains, err := a.r.tree.Up(ctx, x.parent)
	if err != nil || len(chains[x.parent]) == 0 {
		return err
	}
	homes, err := a.r.tree.Homes(ctx, a.r.db, []int64{chains[x.parent][0].ID})
	if err != nil {
		return err
	}
	view, err := a.view(ctx, homes[chains[x.parent][0].ID])
	if err != nil {
		return err
	}
	path := pathOf(namesOf(chains[x.parent]), x.name)
	e, err := view.Stat(ctx, path)
	if err != nil || e.ID != x.node.ID || e.Content != x.node.Content {
		return err
	}
	if err := view.Remove(ctx, e, nil); err != nil {
		return err
	}
	a.removed++
	a.said(path, "was missing and is removed", nil)
	return nil
}

// caughtUp waits until everything that was committed before the call has
// arrived on the disk, and tells whether it has.
func (r *Room) caughtUp(ctx context.Context, patience time.Duration) (bool, error) {
	head, err := r.bus.Head(ctx)
	if err != nil {
		return false, err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := r.Now().Add(patience); ; {
		passed, err := r.passed(ctx, head)
		if err != nil || passed || r.Now().After(end) {
			return passed, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-tick.C:
		}
	}
}

// passed tells whether the events up to a place have arrived, and nothing of
// them was left to jobs that are still to be done.
func (r *Room) passed(ctx context.Context, p bus.Place) (bool, error) {
	if built, err := r.settings.Default(ctx, settingsApp, settingBuilt, ""); err != nil || built == "" {
		return false, err
	}
	if ok, err := r.bus.Passed(ctx, subscriber, p); err != nil || !ok {
		return false, err
	}
	waiting, err := r.queue.Backlog(ctx)
	return err == nil && waiting[mirrorJob] == 0, err
}
