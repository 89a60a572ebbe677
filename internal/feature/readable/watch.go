package readable

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"atrium/internal/feature/readable/shelf"
)

// watch waits for changes that others make in the tree, and adopts them when
// they have come to rest. Of our own links the kernel tells too; they are
// looked at and found right.
type watch struct {
	notices *shelf.Notices
	r       *Room
	told    sync.Once

	mu    sync.Mutex
	spots map[spot]*pending
	wake  chan struct{}
	lost  chan struct{} // notices were lost: look everywhere
}

// pending is a spot at which something happened.
type pending struct {
	first, due time.Time
	plain      bool // nothing left it, no folder came
	missing    bool // what is to be there may turn up elsewhere
	tries      int
}

const (
	together  = 200 * time.Millisecond // what is due so soon is looked at together: both ends of a move
	patience  = 5 * time.Second        // for the events under way
	rescanned = 15 * time.Minute       // how often we look everywhere when the kernel does not tell us everything
	triesMax  = 12                     // for a file that is being written to
)

// Run watches over the tree until ctx ends, and makes it at the first start.
func (r *Room) Run(ctx context.Context) error {
	s, err := r.await(ctx)
	if errors.Is(err, shelf.ErrCannot) {
		r.Log.Warn("files cannot stand under their own names on this disk", "error", err)
		return r.settings.Set(ctx, settingsApp, settingBuilt, "")
	}
	if err != nil {
		return nil // ctx has ended
	}
	n, err := shelf.OpenNotices()
	if err != nil {
		r.Log.Warn("changes in the readable tree are not noticed; use files:scan", "error", err)
		r.complain(ctx, "the readable tree was not made", r.begin(ctx))
		return nil
	}
	w := &watch{notices: n, r: r, spots: map[spot]*pending{}, wake: make(chan struct{}, 1), lost: make(chan struct{}, 1)}
	r.watch.Store(w)
	defer r.watch.Store(nil)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(w.listen)
	g.Go(func() error { w.serve(ctx, s); return nil })
	g.Go(func() error { w.sweep(ctx, s); return nil })
	g.Go(func() error { <-ctx.Done(); return n.Close() })
	return g.Wait()
}

func (r *Room) complain(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		r.Log.Error(what, "error", err)
	}
}

// await opens the tree as soon as the store is there.
func (r *Room) await(ctx context.Context) (*shelf.Shelf, error) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for told := false; ; told = true {
		s, err := r.disk(ctx)
		if err == nil || errors.Is(err, shelf.ErrCannot) {
			return s, err
		}
		if !told {
			r.Log.Warn("the readable tree waits for the store", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// begin makes the whole tree where that was never done, and tidies up.
func (r *Room) begin(ctx context.Context) error {
	built, err := r.settings.Default(ctx, settingsApp, settingBuilt, "")
	if err != nil {
		return err
	}
	if built != "" {
		return r.unparkAll(ctx)
	}
	if err := r.mendAll(ctx); err != nil {
		return err
	}
	return r.settings.Set(ctx, settingsApp, settingBuilt, "1")
}

// listen takes the kernel's notices.
func (w *watch) listen() error {
	buf := make([]byte, 64<<10)
	for {
		ns, err := w.notices.Read(buf)
		if errors.Is(err, os.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		w.mu.Lock()
		for _, n := range ns {
			if n.Lost {
				nudge(w.lost)
				continue
			}
			w.put(spot{n.Node, n.Name}, n.Made && !n.IsDir)
		}
		w.mu.Unlock()
		nudge(w.wake)
	}
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// put has a spot looked at once it was left alone for a while.
func (w *watch) put(s spot, plain bool) {
	now := w.r.Now()
	p := w.spots[s]
	if p == nil {
		p = &pending{first: now, plain: true}
		w.spots[s] = p
	}
	p.plain = p.plain && plain
	p.due = now.Add(w.r.Quiet)
	if last := p.first.Add(5 * w.r.Quiet); p.due.After(last) {
		p.due = last
	}
}

// notice has spots looked at.
func (w *watch) notice(spots ...spot) {
	if len(spots) == 0 {
		return
	}
	w.mu.Lock()
	for _, s := range spots {
		w.put(s, false)
	}
	w.mu.Unlock()
	nudge(w.wake)
}

// add watches a folder, and tells whether it was watched already.
func (w *watch) add(d shelf.Dir, node int64) (known bool) {
	known, err := w.notices.Add(d, node)
	if err != nil {
		w.told.Do(func() { w.r.Log.Warn("not all changes in the readable tree are noticed at once", "error", err) })
	}
	return known
}

// serve looks at spots when they are due.
func (w *watch) serve(ctx context.Context, s *shelf.Shelf) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, next := w.take()
		if len(due) > 0 {
			w.r.complain(ctx, "changes in the readable tree were not adopted", w.look(ctx, s, due))
			continue
		}
		timer.Reset(next)
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-timer.C:
		}
	}
}

// sweep makes the tree if it was never made and looks through all of it: once,
// when the kernel has lost notices, and again and again when it cannot tell of
// all folders.
func (w *watch) sweep(ctx context.Context, s *shelf.Shelf) {
	w.r.complain(ctx, "the readable tree was not made", w.r.begin(ctx))
	tick := time.NewTicker(rescanned)
	defer tick.Stop()
	for {
		w.r.complain(ctx, "the readable tree is not watched", s.Watch(w.add))
		w.r.complain(ctx, "the readable tree was not looked through", w.everywhere(ctx, s))
		select {
		case <-ctx.Done():
			return
		case <-w.lost:
			continue
		case <-tick.C:
		}
		for !w.notices.Full() {
			select {
			case <-ctx.Done():
				return
			case <-w.lost:
			case <-tick.C:
				continue
			}
			break
		}
	}
}

// take takes the spots that are due, or tells when the next will be.
func (w *watch) take() (due map[spot]*pending, next time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.r.Now()
	next = rescanned
	ripe := false
	for _, p := range w.spots {
		ripe = ripe || !p.due.After(now)
		next = min(next, max(p.due.Sub(now), time.Millisecond))
	}
	if !ripe {
		return nil, next
	}
	due = map[spot]*pending{}
	for s, p := range w.spots {
		if p.missing || !p.due.After(now.Add(min(together, w.r.Quiet/2))) {
			due[s] = p
			delete(w.spots, s)
		}
	}
	return due, 0
}

// look adopts what others did at some spots.
func (w *watch) look(ctx context.Context, s *shelf.Shelf, due map[spot]*pending) error {
	a := w.r.adoption(s, w.say)
	began := w.r.Now()
	a.wait = func(s spot) bool { p := due[s]; return p != nil && (!p.missing || p.due.After(began)) }
	founds, err := w.differences(ctx, s, due, a)
	if err != nil {
		return err
	}
	for _, f := range founds {
		for _, x := range f.wrong {
			made, err := a.take(ctx, f, x)
			if err != nil {
				return err
			}
			if made == nil {
				continue
			}
			if err := a.tree(ctx, made.ID, atOnce); err != nil {
				return err
			}
		}
	}
	if err := a.finish(ctx, patience); err != nil {
		return err
	}
	w.postpone(a.busy, due)
	w.expect(a.lost, due)
	return nil
}

// expect keeps in mind what is missing, for as long as it may turn up under
// another name: the kernel tells first of the old name, then of the new one.
func (w *watch) expect(spots []spot, due map[spot]*pending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range spots {
		p := due[s]
		if !p.missing {
			p.missing, p.plain, p.due = true, false, w.r.Now().Add(w.r.Quiet)
		}
		if w.spots[s] == nil {
			w.spots[s] = p
		}
	}
}

// postpone looks at spots again later, and later.
func (w *watch) postpone(spots []spot, due map[spot]*pending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range spots {
		p := due[s]
		if p == nil {
			p = &pending{first: w.r.Now()}
		}
		if p.tries++; p.tries > triesMax || w.spots[s] != nil {
			continue // when it is closed, the kernel tells us
		}
		p.plain, p.due = false, w.r.Now().Add(w.r.Quiet<<min(p.tries, 6))
		w.spots[s] = p
	}
}

// atOnce is a pause that is none.
func atOnce(ctx context.Context, _ time.Time) error { return ctx.Err() }

// gently lets others have four fifths of the time.
func gently(ctx context.Context, since time.Time) error {
	t := time.NewTimer(4 * time.Since(since))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// differences compares spots with the tables. Links of ours that were just made
// and are as we left them cost a look at the disk and no more.
func (w *watch) differences(ctx context.Context, s *shelf.Shelf, due map[spot]*pending, a *adoption) ([]*found, error) {
	byFolder := map[int64]*found{}
	err := w.r.holding(ctx, s, func(v *visit) error {
		asks := newAsks()
		parents := map[int64]bool{}
		for s := range due {
			parents[s.parent] = true
		}
		if err := v.learn(ctx, slices.Sorted(maps.Keys(parents))...); err != nil {
			return err
		}
		for s, p := range due {
			if ok, err := v.untouched(s, p); err != nil {
				return err
			} else if !ok {
				asks.see(s.parent, s.name, 0)
			}
		}
		wrong, unplaced, err := v.compare(ctx, asks)
		a.busy = append(a.busy, unplaced...)
		for _, x := range wrong {
			f := byFolder[x.parent]
			if f == nil {
				f = v.found(x.parent)
				byFolder[x.parent] = f
			}
			f.wrong = append(f.wrong, x)
		}
		return err
	})
	out := make([]*found, 0, len(byFolder))
	for _, f := range byFolder {
		out = append(out, f)
	}
	return out, err
}

// untouched tells whether a spot needs no more than a look at the disk.
func (v *visit) untouched(s spot, p *pending) (bool, error) {
	if !v.shown(s.parent) {
		return true, nil
	}
	d, err := v.dir(s.parent)
	if err != nil || d == shelf.Nowhere {
		return false, err
	}
	e, err := d.Stat(s.name)
	if err != nil || e == nil {
		return false, err
	}
	if e.IsDir() && e.Ours { // made by another process, perhaps
		return false, v.within(d, e)
	}
	return p.plain && e.IsFile() && e.Ours && e.MTime == e.Mark.MTime && e.Single(), nil
}

// within has a folder of ours watched, and what is in it looked at when that is
// new: another process made it, or it was moved here with what is in it.
func (v *visit) within(d shelf.Dir, e *shelf.Entry) error {
	w := v.r.watch.Load()
	sub, err := d.OpenDir(e.Name)
	if shelf.Missing(err) || w == nil {
		return nil
	}
	if err != nil {
		return err
	}
	defer sub.Close()
	if w.add(sub, e.Mark.ID) {
		return nil
	}
	names, err := sub.Names()
	for _, n := range names {
		v.look = append(v.look, spot{e.Mark.ID, n})
	}
	return err
}

// everywhere looks gently through the whole tree for what others changed.
func (w *watch) everywhere(ctx context.Context, s *shelf.Shelf) error {
	homes, err := w.r.homes(ctx)
	if err != nil {
		return err
	}
	a := w.r.adoption(s, w.say)
	for _, sp := range homes {
		if err := a.tree(ctx, sp.Root, gently); err != nil {
			return err
		}
	}
	return a.finish(ctx, patience)
}

func (w *watch) say(path, what string, err error) {
	if err != nil {
		w.r.Log.Warn("a file in the readable tree was not adopted", "path", path, "error", err)
		return
	}
	w.r.Log.Debug("the readable tree was changed by others", "path", path, "what", what)
}
