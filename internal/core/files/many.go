package files

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// Item is one file of WriteMany.
type Item struct {
	Path string
	Put  Put
}

// Outcome is what became of one item.
type Outcome struct {
	Written
	Err error
}

// WriteMany does for each item what Write does, but together: what the tables
// say is asked once per folder, the bodies are stored side by side and one
// transaction makes all of them visible. What happens to one file does not touch
// the others. When it returns, the bytes of all that succeeded survive a power
// cut. The items must have different paths; their bodies are read concurrently.
func (v *View) WriteMany(ctx context.Context, items []Item) []Outcome {
	m := &many{v: v, items: items, spots: make([]*spot, len(items)), stored: make([]content.Content, len(items)), out: make([]Outcome, len(items))}
	m.locate(ctx)
	m.admit(ctx)
	m.store(ctx)
	if err := m.commit(ctx); err != nil {
		// One of them spoiled it, or there is no room for all: each for itself.
		for i := range m.pending() {
			m.out[i].Written, m.out[i].Err = v.commit(ctx, m.spots[i], m.stored[i], items[i].Put)
		}
	}
	for i, o := range m.out {
		if o.Err != nil && m.stored[i].ID != 0 && items[i].Put.alone() {
			v.content.Forget(ctx, m.stored[i].ID)
		}
	}
	return m.out
}

// many is one WriteMany; its slices go by item.
type many struct {
	v      *View
	items  []Item
	spots  []*spot
	stored []content.Content
	out    []Outcome
}

// pending yields the items that have not failed.
func (m *many) pending() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range m.items {
			if m.out[i].Err == nil && !yield(i) {
				return
			}
		}
	}
}

// nest is a folder into which some of the items go.
type nest struct {
	mount  *Mount
	path   []string // names below the mount's root
	parent tree.Node
	items  []int
	names  []string
}

// locate finds the places of all items, with two statements for each folder.
func (m *many) locate(ctx context.Context) {
	nests := map[string]*nest{}
	for i, it := range m.items {
		segs, err := names.Split(it.Path)
		if err != nil {
			m.out[i].Err = err
			continue
		}
		mount, rest := m.v.mount(segs)
		if len(rest) == 0 || mount.way {
			m.spots[i], m.out[i].Err = m.v.locate(ctx, it.Path)
			continue
		}
		key := strings.Join(segs[:len(segs)-1], "/")
		if nests[key] == nil {
			nests[key] = &nest{mount: mount, path: rest[:len(rest)-1]}
		}
		n := nests[key]
		n.items, n.names = append(n.items, i), append(n.names, rest[len(rest)-1])
		m.spots[i] = &spot{mount: mount, name: rest[len(rest)-1], path: "/" + strings.Join(segs, "/")}
	}
	for _, n := range nests {
		if err := m.look(ctx, n); err != nil {
			for _, i := range n.items {
				m.out[i].Err = err
			}
		}
	}
}

func (m *many) look(ctx context.Context, n *nest) (err error) {
	n.parent, err = m.v.tree.Find(ctx, m.v.db, n.mount.Root, n.path)
	if errors.Is(err, fault.NotFound) || err == nil && !n.parent.IsDir() {
		return ErrNoParent
	}
	if err != nil {
		return err
	}
	there, err := m.v.tree.Named(ctx, m.v.db, n.parent.ID, n.names)
	if err != nil {
		return err
	}
	for _, i := range n.items {
		s := m.spots[i]
		s.parent = n.parent
		if node, ok := there[s.name]; ok {
			s.cur = &Entry{Node: node, Path: s.path, Mount: s.mount}
		}
	}
	return nil
}

// admit asks whether the items may be written and have room.
func (m *many) admit(ctx context.Context) {
	ctx = m.v.forMany(ctx)
	need := map[*Mount]int64{}
	taken := map[string]bool{} // new names as they look to who does not know case
	for i := range m.pending() {
		s, put := m.spots[i], m.items[i].Put
		if m.out[i].Err = m.v.mayWrite(ctx, s); m.out[i].Err == nil && put.Check != nil {
			m.out[i].Err = put.Check(s.cur)
		}
		if m.out[i].Err == nil && m.v.RefuseCaseClash && s.cur == nil {
			if key := strings.ToLower(s.path); taken[key] {
				m.out[i].Err = clash(s.name)
			} else {
				taken[key] = true
			}
		}
		if m.out[i].Err == nil {
			need[s.mount] += max(put.Size, put.Total) - sizeOf(s.cur)
		}
	}
	for mount, size := range need {
		if m.v.hasRoom(ctx, &spot{mount: mount}, size) == nil {
			continue
		}
		for i := range m.pending() {
			if s := m.spots[i]; s.mount == mount {
				m.out[i].Err = m.v.hasRoom(ctx, s, max(m.items[i].Put.Size, m.items[i].Put.Total))
			}
		}
	}
}

// atOnce is how many bodies are stored side by side: about as many as share one
// sync of the disk with profit.
const atOnce = 64

func (m *many) store(ctx context.Context) {
	var wg sync.WaitGroup
	free := make(chan struct{}, atOnce)
	for i := range m.pending() {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			m.stored[i], m.out[i].Err = m.v.store(ctx, m.items[i].Put)
		})
	}
	wg.Wait()
}

// fresh is what an item needs that is drawn before the transaction.
type fresh struct {
	mime   string
	node   tree.Node
	change tree.Change
}

func (m *many) draw(ctx context.Context) ([]fresh, error) {
	fs := make([]fresh, len(m.items))
	for i := range m.pending() {
		f := &fs[i]
		f.mime = MediaType(m.spots[i].name)
		var err error
		if f.node.Mime, err = m.v.tree.MimeID(ctx, f.mime); err != nil {
			return nil, err
		}
		if f.node.ID, err = m.v.db.ID(ctx); err != nil {
			return nil, err
		}
		if f.change, err = m.v.tree.NewChange(ctx); err != nil {
			return nil, err
		}
	}
	return fs, nil
}

// commit makes all that is stored visible in one transaction. What an item's own
// Check says then is its outcome; any other failure is that of all.
func (m *many) commit(ctx context.Context) error {
	fs, err := m.draw(ctx)
	if err != nil {
		return err
	}
	var todo []int
	byFolder := map[int64][]int{}
	for i := range m.pending() {
		if !m.items[i].Put.alone() || m.items[i].Put.Also != nil {
			return errApart
		}
		todo = append(todo, i)
	}
	if len(todo) == 0 {
		return nil
	}
	// By folder and name, so that two such transactions do not wait for each other.
	slices.SortFunc(todo, func(a, b int) int {
		x, y := m.spots[a], m.spots[b]
		return cmp.Or(cmp.Compare(x.parent.ID, y.parent.ID), cmp.Compare(x.name, y.name))
	})
	for _, i := range todo {
		byFolder[m.spots[i].parent.ID] = append(byFolder[m.spots[i].parent.ID], i)
	}
	return m.v.db.Tx(ctx, func(tx *db.DB) error {
		for _, i := range todo {
			m.out[i] = Outcome{}
		}
		for rest := todo; len(rest) > 0; {
			batch := byFolder[m.spots[rest[0]].parent.ID]
			if err := m.placeIn(ctx, tx, batch, fs); err != nil {
				return err
			}
			rest = rest[len(batch):]
		}
		return nil
	})
}

// errApart says that items need transactions of their own.
var errApart = errors.New("written one by one")

// placeIn commits the items of one folder.
func (m *many) placeIn(ctx context.Context, tx *db.DB, batch []int, fs []fresh) error {
	first := m.spots[batch[0]]
	wanted := make([]string, len(batch))
	for k, i := range batch {
		wanted[k] = m.spots[i].name
	}
	there, err := m.v.tree.Named(ctx, tx, first.parent.ID, wanted)
	if err != nil {
		return err
	}
	var news []tree.Node
	var events []event.FileWritten
	var room int64
	for _, i := range batch {
		s, put, o := m.spots[i], m.items[i].Put, &m.out[i]
		var cur *Entry
		if n, ok := there[s.name]; ok {
			cur = &Entry{Node: n, Path: s.path, Mount: s.mount}
		}
		if s.only != 0 && (cur == nil || cur.ID != s.only) {
			o.Err = errOnly
			continue
		}
		if o.Err = refused(cur, put); o.Err != nil {
			continue
		}
		if err := m.v.content.Keep(ctx, tx, m.stored[i]); err != nil {
			return err
		}
		o.Written = m.v.written(s, cur, m.stored[i], put, fs[i].node)
		o.Mime = fs[i].mime
		room += o.Size - sizeOf(cur)
		if cur == nil {
			news = append(news, o.Node)
			events = append(events, event.FileWritten{Space: s.mount.Space, Node: o.ID, Parent: o.Parent, Name: o.Name, Content: o.Content, Made: true, By: m.v.by()})
			continue
		}
		if err := m.v.place(ctx, tx, fs[i].change, s, cur, o.Written); err != nil {
			return err
		}
	}
	if err := m.v.takeRoom(ctx, tx, first, room); err != nil {
		return err
	}
	if err := m.v.tree.CreateAll(ctx, tx, fs[batch[0]].change, first.mount.Space, first.parent.ID, news); err != nil {
		return err
	}
	for _, ev := range events {
		if err := m.v.publish(ctx, tx, ev); err != nil {
			return err
		}
	}
	return nil
}

// refused tells why a write cannot take the place of what stands there.
func refused(cur *Entry, put Put) error {
	if cur != nil && cur.IsDir() {
		return ErrIsFolder
	}
	if put.Check != nil {
		return put.Check(cur)
	}
	return nil
}
