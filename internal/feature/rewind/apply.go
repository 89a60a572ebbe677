package rewind

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// batch is how many files one transaction changes, atOnce how many of those run
// side by side.
const (
	batch  = 250
	atOnce = 4
)

// run does all that is planned.
func (p *plan) run(ctx context.Context) error {
	if err := p.places(ctx, p.take); err != nil {
		return err
	}
	return p.holdings(ctx)
}

// tally plans without doing: what would be done is counted.
func (p *plan) tally(ctx context.Context) error {
	if err := p.places(ctx, func(_ context.Context, steps []step) error {
		for _, s := range steps {
			p.done(s)
		}
		return nil
	}); err != nil {
		return err
	}
	for id := range p.old {
		if it := p.items[id]; it != nil && !it.stays {
			p.Restored++
		}
	}
	return nil
}

// places brings everything to where it was, round by round. When all that is left
// wait for each other, as two do that have changed names, one steps aside.
func (p *plan) places(ctx context.Context, take func(context.Context, []step) error) error {
	for {
		steps, waiting := p.ready()
		if len(steps) == 0 {
			aside := p.aside(waiting)
			if aside == nil {
				for _, it := range waiting {
					it.stays = true
					p.Left++
				}
				return nil
			}
			steps = []step{*aside}
		}
		if err := take(ctx, steps); err != nil {
			return err
		}
	}
}

// aside finds one of those that wait for each other that can make way: what bears
// the name of another, or what lies in something new, which waits for it to leave.
func (p *plan) aside(waiting []*item) *step {
	for _, it := range waiting {
		other := p.items[p.names[it.folder][it.name]]
		if other != nil && other != it && other.wanted && !other.settled() && !other.stays && !other.passed && other.space == p.home {
			return p.away(other)
		}
		if it.wanted && it.inside && !it.passed && p.inNew(it) {
			return p.away(it)
		}
	}
	return nil
}

// inNew tells whether something lies in what is to go to the trash.
func (p *plan) inNew(it *item) bool {
	for up := p.items[it.Parent]; up != nil; up = p.items[up.Parent] {
		if !up.wanted {
			return true
		}
	}
	return false
}

// away is the step of an item to a name that nothing bears.
func (p *plan) away(it *item) *step {
	it.passed = true
	for n := 1; ; n++ {
		name := fmt.Sprintf("%d (%d)", it.ID, n)
		if p.names[p.top.ID][name] == 0 {
			return &step{item: it, to: tree.Spot{Space: p.home, Parent: p.top.ID, Name: name}, passing: true}
		}
	}
}

// take takes steps: folders one by one, files in batches.
func (p *plan) take(ctx context.Context, steps []step) error {
	if slices.ContainsFunc(steps, func(s step) bool { return s.trash }) {
		if err := p.needTrash(ctx, steps); err != nil {
			return err
		}
	}
	var small []step
	for _, s := range steps {
		if !s.IsDir() {
			small = append(small, s)
			continue
		}
		if err := p.moveAll(ctx, []step{s}); err != nil {
			return err
		}
	}
	return p.sideBySide(ctx, slices.Collect(slices.Chunk(small, batch)))
}

func (p *plan) sideBySide(ctx context.Context, batches [][]step) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, b := range batches {
		g.Go(func() error {
			taken, left, err := p.moveSome(ctx, b)
			mu.Lock()
			defer mu.Unlock()
			p.note(taken, left)
			return err
		})
	}
	return g.Wait()
}

func (p *plan) moveAll(ctx context.Context, steps []step) error {
	taken, left, err := p.moveSome(ctx, steps)
	p.note(taken, left)
	return err
}

func (p *plan) note(taken, left []step) {
	for _, s := range taken {
		p.done(s)
	}
	for _, s := range left {
		s.stays = true
		p.Left++
	}
}

// moveSome moves some in one transaction, or, when somebody changes one of them at
// this moment, each in its own; then that one is left alone.
func (p *plan) moveSome(ctx context.Context, steps []step) (taken, left []step, err error) {
	err = p.move(ctx, steps)
	if err == nil || !meanwhile(err) {
		return steps, nil, err
	}
	if len(steps) == 1 {
		return nil, steps, nil
	}
	for _, s := range steps {
		one, no, err := p.moveSome(ctx, []step{s})
		taken, left = append(taken, one...), append(left, no...)
		if err != nil {
			return taken, left, err
		}
	}
	return taken, left, nil
}

// meanwhile tells that somebody else was faster.
func meanwhile(err error) bool {
	return errors.Is(err, fault.Stale) || errors.Is(err, fault.NotFound) || errors.Is(err, fault.Exists) || errors.Is(err, fault.Conflict)
}

// move does the moves of some items in one transaction, with what others are to
// know of them.
func (p *plan) move(ctx context.Context, steps []step) error {
	cs := make([][2]tree.Change, len(steps))
	mimes := make([]int32, len(steps))
	for i, s := range steps {
		for k := range cs[i] {
			var err error
			if cs[i][k], err = p.tree.NewChange(ctx); err != nil {
				return err
			}
		}
		mimes[i] = s.Mime
		if !s.IsDir() && !s.trash {
			var err error
			if mimes[i], err = p.tree.MimeID(ctx, files.MediaType(s.to.Name)); err != nil {
				return err
			}
		}
	}
	err := p.db.Tx(ctx, func(tx *db.DB) error {
		var back []int64
		for i, s := range steps {
			if s.space == p.bin {
				back = append(back, s.ID)
			}
			if err := p.moveOne(ctx, tx, cs[i], s, mimes[i]); err != nil {
				return err
			}
		}
		if len(back) == 0 {
			return nil
		}
		return p.Room.trash.Unfile(ctx, tx, back)
	})
	for i := 0; err == nil && i < len(steps); i++ {
		steps[i].Mime = mimes[i]
	}
	return err
}

func (p *plan) moveOne(ctx context.Context, tx *db.DB, cs [2]tree.Change, s step, mime int32) error {
	if s.trash {
		s.to.Name = strconv.FormatInt(s.ID, 10)
	}
	if err := p.record(ctx, tx, s.Node, s.space, s.to.Space); err != nil {
		return err
	}
	if err := p.tree.Move(ctx, tx, cs, s.Node, s.space, s.to, mime); err != nil {
		return err
	}
	if s.trash {
		if err := p.Room.trash.File(ctx, tx, s.Node, p.owner, p.bin, s.from); err != nil {
			return err
		}
		return p.publish(ctx, tx, event.NodeRemoved{Space: s.space, Node: s.ID, Parent: s.Parent, Name: s.Name, Dir: s.IsDir()})
	}
	return p.publish(ctx, tx, event.NodeMoved{Space: s.to.Space, Parent: s.to.Parent, Name: s.to.Name, Node: s.ID,
		OldSpace: s.space, OldParent: s.Parent, OldName: s.Name, Returned: s.space == p.bin})
}

// path is where something is now, from the root of the home as far as it is known.
func (p *plan) path(n tree.Node) string {
	at := n.Name
	for up := p.items[n.Parent]; up != nil; up = p.items[up.Parent] {
		at = up.Name + "/" + at
	}
	return path.Join("/", p.prefix, at)
}

// needTrash makes the trash if there is none.
func (p *plan) needTrash(ctx context.Context, steps []step) error {
	if p.bin == 0 {
		id, err := p.db.ID(ctx)
		if err != nil {
			return err
		}
		if err := p.db.Tx(ctx, func(tx *db.DB) error {
			_, err := p.tree.NewSpace(ctx, tx, id, tree.Space{Kind: tree.Trash, Owner: p.owner, Quota: tree.NoQuota})
			return err
		}); err != nil {
			return err
		}
		p.bin = id
	}
	for i := range steps {
		if steps[i].trash {
			steps[i].to.Space, steps[i].to.Parent = p.bin, p.bin
		}
	}
	return nil
}

// holdings gives files what they held.
func (p *plan) holdings(ctx context.Context) error {
	var due []*item
	for id := range p.old {
		if it := p.items[id]; it != nil && it.settled() && !it.stays && it.space == p.home {
			due = append(due, it)
		}
	}
	slices.SortFunc(due, func(a, b *item) int { return cmp.Compare(a.ID, b.ID) })
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for b := range slices.Chunk(due, batch) {
		g.Go(func() error {
			n, err := p.hold(ctx, b)
			mu.Lock()
			defer mu.Unlock()
			p.Restored, p.Left = p.Restored+n, p.Left+len(b)-n
			return err
		})
	}
	return g.Wait()
}

// hold gives some files their contents in one transaction, or each in its own when
// somebody changes one of them at this moment. It tells how many have got theirs.
func (p *plan) hold(ctx context.Context, its []*item) (n int, err error) {
	err = p.holdAll(ctx, its)
	if err == nil {
		return len(its), nil
	}
	if !meanwhile(err) {
		return 0, err
	}
	for _, it := range its {
		if len(its) == 1 {
			return 0, nil
		}
		one, err := p.hold(ctx, []*item{it})
		if err != nil {
			return n, err
		}
		n += one
	}
	return n, nil
}

func (p *plan) holdAll(ctx context.Context, its []*item) error {
	ids, cs := make([]int64, len(its)), make([]tree.Change, len(its))
	for i, it := range its {
		ids[i] = p.old[it.ID].Content
		var err error
		if cs[i], err = p.tree.NewChange(ctx); err != nil {
			return err
		}
	}
	known, err := p.content.Some(ctx, ids)
	if err != nil {
		return err
	}
	return p.db.Tx(ctx, func(tx *db.DB) error {
		for i, it := range its {
			if err := p.holdOne(ctx, tx, cs[i], it, known); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *plan) holdOne(ctx context.Context, tx *db.DB, c tree.Change, it *item, known map[int64]content.Content) error {
	then, cur, now := p.old[it.ID], it.Node, it.Node
	now.Content, now.Size, now.MTime, now.Writer = then.Content, then.Size, then.MTime, then.Writer
	now.SHA1, now.ETag = known[then.Content].SHA1, tree.NewETag()
	if err := p.content.Refer(ctx, tx, then.Content, 1); err != nil {
		return err
	}
	if err := p.tree.Update(ctx, tx, c, p.home, cur, now); err != nil {
		return err
	}
	old := &files.Entry{Node: cur, Mount: &files.Mount{Space: p.home, Root: p.home, Owner: p.owner}}
	if err := p.versions.Keep(ctx, tx, old); err != nil {
		return err
	}
	return p.publish(ctx, tx, event.FileWritten{Space: p.home, Node: cur.ID, Parent: cur.Parent, Name: cur.Name, Content: now.Content})
}
