package rewind

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/tree"
)

// item is a file or folder that a rewind may concern.
type item struct {
	tree.Node        // as it is now
	space     int64  // in which it is now
	folder    int64  // where it was then
	name      string // what it was called then
	then      was    // in which part of the world
	wanted    bool   // it was in the folder then
	inside    bool   // it is in the folder now
	stays     bool   // nothing can be done
	passed    bool   // it has made way once, which is enough
}

// was tells where something was then.
type was uint8

const (
	atHome    was = iota // in the home that is rewound
	nowhere              // in the trash, or not made yet
	elsewhere            // with somebody else
	outside              // in the home, in a folder that is there and lies not below the top
)

// settled tells whether an item is where it was.
func (it *item) settled() bool { return it.Parent == it.folder && it.Name == it.name }

// plan is all that is to be done.
type plan struct {
	*Room
	owner     string
	home, bin int64  // spaces; bin, the trash, is 0 when there is none
	prefix    string // where the top is
	top       tree.Node
	at        time.Time
	items     map[int64]*item
	names     map[int64]map[string]int64 // what lies in the folders now
	old       map[int64]tree.Node        // what files held then
	Report
}

// Report tells what a rewind does, or would do.
type Report struct {
	Restored int // files that get another content
	Returned int // files and folders that come back from the trash
	Moved    int // files and folders that go back to their places
	Trashed  int // files and folders that are new
	Left     int // that were changed meanwhile, or now lie with somebody else
}

// prepare looks at everything and plans. A file as top is rewound alone.
func (rm *Room) prepare(ctx context.Context, owner string, top tree.Node, home int64, at time.Time) (*plan, error) {
	p := &plan{Room: rm, owner: owner, home: home, top: top, at: at, items: map[int64]*item{}, names: map[int64]map[string]int64{}, old: map[int64]tree.Node{}}
	trash, err := rm.tree.SpaceOf(ctx, rm.db, tree.Trash, owner)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	p.bin = trash.Root
	if !top.IsDir() {
		p.items[top.ID] = &item{Node: top, space: home, folder: top.Parent, name: top.Name, wanted: true, inside: true}
		return p, p.contents(ctx)
	}
	if err := p.gather(ctx, []int64{top.ID}, home, true); err != nil {
		return nil, err
	}
	spaces := []int64{home}
	if p.bin != 0 {
		spaces = append(spaces, p.bin)
	}
	first, err := rm.since(ctx, at, spaces)
	if err != nil {
		return nil, err
	}
	delete(first, top.ID)
	if err := p.outside(ctx, first); err != nil {
		return nil, err
	}
	if err := p.place(ctx, first); err != nil {
		return nil, err
	}
	p.judge()
	if err := p.beyond(ctx); err != nil {
		return nil, err
	}
	return p, p.contents(ctx)
}

// place tells the items where they were.
func (p *plan) place(ctx context.Context, first map[int64]place) error {
	spaces := map[int64]bool{}
	for _, at := range first {
		spaces[at.space] = true
	}
	homes, err := p.tree.Homes(ctx, p.db, slices.Sorted(maps.Keys(spaces)))
	if err != nil {
		return err
	}
	for id, at := range first {
		it := p.items[id]
		if it == nil {
			continue
		}
		it.folder, it.name = at.folder, at.name
		switch {
		case at.space == p.home, p.items[at.folder] != nil: // it was wherever that folder was
		case homes[at.space] != "":
			it.then = elsewhere
		default:
			it.then = nowhere
		}
	}
	for _, it := range p.items {
		if !p.existed(it) {
			it.then = nowhere
		}
	}
	return nil
}

// beyond finds the items that were in the home but not in the folder, whose place
// is still there.
func (p *plan) beyond(ctx context.Context) error {
	folders := map[int64]bool{}
	for _, it := range p.items {
		if p.strays(it) {
			folders[it.folder] = true
		}
	}
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(folders)), many) {
		chains, err := p.tree.Up(ctx, batch...)
		if err != nil {
			return err
		}
		for _, it := range p.items {
			chain := chains[it.folder]
			if p.strays(it) && len(chain) > 0 && chain[0].ID == p.home && p.items[it.folder] == nil {
				it.then = outside
			}
		}
	}
	return nil
}

// strays tells whether something is in the folder that was elsewhere in the home.
func (p *plan) strays(it *item) bool {
	return it.inside && !it.wanted && !it.settled() && it.then == atHome
}

// add takes a node in.
func (p *plan) add(n tree.Node, space int64, inside bool) {
	if p.items[n.ID] != nil {
		return
	}
	p.items[n.ID] = &item{Node: n, space: space, folder: n.Parent, name: n.Name, inside: inside}
	p.name(n.Parent, n.Name, n.ID)
}

func (p *plan) name(folder int64, name string, id int64) {
	if p.names[folder] == nil {
		p.names[folder] = map[string]int64{}
	}
	p.names[folder][name] = id
}

// many is how many rows are asked for with one statement.
const many = 500

// gather takes in all that lies below folders.
func (p *plan) gather(ctx context.Context, folders []int64, space int64, inside bool) error {
	for len(folders) > 0 {
		var next []int64
		for batch := range slices.Chunk(folders, many) {
			for n, err := range p.tree.Below(ctx, p.db, batch) {
				if err != nil {
					return err
				}
				p.add(n, space, inside)
				if n.IsDir() {
					next = append(next, n.ID)
				}
			}
		}
		folders = next
	}
	return nil
}

// outside takes in what was moved since and is not in the folder now, with all that
// lies below it.
func (p *plan) outside(ctx context.Context, first map[int64]place) error {
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(first)), func(id int64) bool { return p.items[id] != nil })
	for batch := range slices.Chunk(ids, many) {
		chains, err := p.tree.Up(ctx, batch...)
		if err != nil {
			return err
		}
		for _, id := range batch {
			chain := chains[id]
			if len(chain) == 0 {
				continue // gone for good
			}
			n, root := chain[len(chain)-1], chain[0].ID
			p.add(n, root, false)
			if n.IsDir() && root == p.bin {
				if err := p.gather(ctx, []int64{n.ID}, root, false); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// existed tells whether something was there then. Times of making are kept to the
// second.
func (p *plan) existed(it *item) bool { return it.Uploaded <= p.at.Unix() }

// judge finds out what was in the folder then. What was in a folder that was in the
// trash was there too.
func (p *plan) judge() {
	known := map[int64]was{p.top.ID: atHome}
	var end func(id int64, depth int) was
	end = func(id int64, depth int) was {
		if w, ok := known[id]; ok {
			return w
		}
		it, w := p.items[id], outside
		if it != nil && it.then != atHome {
			w = it.then
		} else if it != nil && depth < 1000 {
			w = end(it.folder, depth+1)
		}
		known[id] = w
		return w
	}
	for id, it := range p.items {
		switch w := end(id, 0); w {
		case atHome:
			it.wanted = true
		case nowhere, elsewhere:
			it.then = w
		}
	}
}

// contents asks what the files held that were there.
func (p *plan) contents(ctx context.Context) error {
	var ids []int64
	for id, it := range p.items {
		if it.wanted && !it.IsDir() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for batch := range slices.Chunk(ids, many) {
		then, err := p.versions.Before(ctx, batch, p.at)
		if err != nil {
			return err
		}
		for id, n := range then {
			if n.Content != p.items[id].Content {
				p.old[id] = n
			}
		}
	}
	return nil
}

// step is one thing to be done with an item's place.
type step struct {
	*item
	to    tree.Spot
	trash bool   // it goes to the trash
	from  string // its path, if so
	back  bool   // it comes from there
	// passing: it only makes way for another and goes on from there.
	passing bool
}

// ready lists the steps that can be done now, and the items that still wait for
// others: for the folder they go to, for a name that is taken, or, when they are
// new, for what lies below them and is not.
func (p *plan) ready() (steps []step, waiting []*item) {
	older := p.older()
	taken := map[int64]map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(p.items)) {
		it := p.items[id]
		up := p.items[it.Parent]
		switch {
		case it.stays, it.wanted && it.settled(), !it.wanted && !it.inside:
		case !it.wanted && up != nil && !up.wanted && (it.then == nowhere || it.settled()): // it goes along
		case !it.wanted && it.then == nowhere && older[id]:
			waiting = append(waiting, it)
		case !it.wanted && it.then == nowhere:
			steps = append(steps, step{item: it, to: tree.Spot{Space: p.bin, Parent: p.bin}, trash: true, from: p.path(it.Node)})
		case !it.wanted && it.then != outside, it.space != p.home && it.space != p.bin:
			it.stays = true
			p.Left++
		case it.wanted && !p.free(it) || taken[it.folder][it.name]:
			waiting = append(waiting, it)
		default:
			if taken[it.folder] == nil {
				taken[it.folder] = map[string]bool{}
			}
			taken[it.folder][it.name] = true
			steps = append(steps, step{item: it, to: tree.Spot{Space: p.home, Parent: it.folder, Name: it.name}, back: it.space == p.bin})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.ID, b.ID) })
	return steps, waiting
}

// older marks the folders that hold something which was there before and is not
// where it was: a new folder does not go to the trash with that.
func (p *plan) older() map[int64]bool {
	out := map[int64]bool{}
	for _, it := range p.items {
		if it.then == nowhere || it.wanted && it.settled() || !it.inside || !it.wanted && it.settled() && !it.stays {
			continue
		}
		for at := it.Parent; at != 0 && !out[at] && p.items[at] != nil; at = p.items[at].Parent {
			out[at] = true
		}
	}
	return out
}

// free tells whether an item's old place can be taken: its folder is where it was,
// up to the top, and nothing else bears the name.
func (p *plan) free(it *item) bool {
	for at := it.folder; at != p.top.ID; {
		up := p.items[at]
		if up == nil || !up.settled() || up.stays || up.space != p.home {
			return false
		}
		at = up.folder
	}
	other := p.names[it.folder][it.name]
	return other == 0 || other == it.ID
}

// done notes that a step was taken.
func (p *plan) done(s step) {
	delete(p.names[s.Parent], s.Name)
	switch {
	case s.trash:
		p.Trashed++
		s.inside = false
		p.carry(s.ID, p.bin, false)
		return
	case s.passing:
	case s.back:
		p.Returned++
	default:
		p.Moved++
	}
	s.Parent, s.Name, s.space = s.to.Parent, s.to.Name, s.to.Space
	s.inside = s.then != outside
	p.name(s.Parent, s.Name, s.ID)
	p.carry(s.ID, p.home, s.inside)
}

// carry notes that what lies below something has gone with it.
func (p *plan) carry(id, space int64, inside bool) {
	for _, below := range p.names[id] {
		if it := p.items[below]; it != nil && it.Parent == id {
			it.space, it.inside = space, inside
			p.carry(below, space, inside)
		}
	}
}
