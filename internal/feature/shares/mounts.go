package shares

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// Received is the Tag of a mount: the shares by which somebody has it, oldest first.
type Received struct {
	Shares []Share
	Worths []Worth // of each of them
}

// fresh is how long what was read of an account's mounts is believed. It bounds how
// late a revocation on another node is noticed here.
const fresh = time.Second / 2

// maxSeen bounds how many accounts' mounts are remembered.
const maxSeen = 20_000

// received is what an account had shortly ago.
type received struct {
	change uint64
	at     time.Time
	groups []string
	mounts []files.Mount
}

// Mounts implements files.Mounter: what is shared with p, where it lies in p's home.
// It costs nothing for half a second after it was read; then one statement for who
// received nothing, and at most nine for who received anything however much.
func (rm *Room) Mounts(ctx context.Context, p *who.Principal) ([]files.Mount, error) {
	groups, err := rm.groupsOf(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	now, change := rm.Now(), rm.changes.Load()
	rm.mu.Lock()
	r := rm.seen[p.ID]
	rm.mu.Unlock()
	if r != nil && r.change == change && now.Sub(r.at) < fresh && slices.Equal(r.groups, groups) {
		return r.mounts, nil
	}
	r = &received{change: change, at: now, groups: groups}
	if r.mounts, err = rm.load(ctx, p.ID, groups); err != nil {
		return nil, err
	}
	rm.mu.Lock()
	if len(rm.seen) >= maxSeen {
		clear(rm.seen)
	}
	rm.seen[p.ID] = r
	rm.mu.Unlock()
	return r.mounts, nil
}

// groupsOf are the groups of an account, none of one that does not exist.
func (rm *Room) groupsOf(ctx context.Context, uid string) ([]string, error) {
	groups, err := rm.dir.GroupsOf(ctx, uid)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	return groups, err
}

// Forget implements files.Rememberer.
func (rm *Room) Forget(uid string) {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	delete(rm.seen, uid)
}

// load reads what an account received.
func (rm *Room) load(ctx context.Context, uid string, groups []string) ([]files.Mount, error) {
	all, err := toUser(ctx, rm.db, uid, groups)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(g gotten) bool { return g.settled(g.state) != accepted })
	if len(all) == 0 {
		return nil, nil
	}
	places, err := placesOf(ctx, rm.db, uid)
	if err != nil {
		return nil, err
	}
	t, err := tasteOf(ctx, rm.db, uid)
	if err != nil {
		return nil, err
	}
	nodes := []int64{t.folder}
	ss := make([]Share, len(all))
	for i, g := range all {
		ss[i] = g.Share
		nodes = append(nodes, g.Node)
		if p, ok := places[g.Node]; ok {
			nodes = append(nodes, p.folder)
		}
	}
	chains, owners, err := rm.whereabouts(ctx, nodes)
	if err != nil {
		return nil, err
	}
	worths, err := rm.weigh(ctx, ss, chains, owners)
	if err != nil {
		return nil, err
	}
	h := &hanger{uid: uid, folder: t.folder, places: places, chains: chains, used: map[place]bool{}}
	return rm.hang(ctx, h, merge(uid, ss, worths))
}

// merge makes one mount of all shares of a node, by the age of the oldest.
func merge(uid string, ss []Share, worths map[int64]Worth) (out []files.Mount) {
	at := map[int64]int{}
	for _, s := range ss {
		w := worths[s.ID]
		if w.Perms == 0 || w.Owner == uid || s.Sharer == uid {
			continue
		}
		i, ok := at[s.Node]
		if !ok {
			i = len(out)
			at[s.Node] = i
			out = append(out, files.Mount{Space: w.Space(), Root: s.Node, Kind: "shared", Owner: w.Owner, Sealed: true, Tag: &Received{}})
		}
		m := &out[i]
		m.Perm |= w.Perms
		m.Sealed = m.Sealed && w.Sealed
		r := m.Tag.(*Received)
		r.Shares, r.Worths = append(r.Shares, s), append(r.Worths, w)
	}
	return out
}

// hang finds the place of each mount: where it was put, or else at the top of the
// home by the name of the node. What is taken there, by a file of the recipient's own
// or by another mount, makes it look for a free name, which it then keeps.
func (rm *Room) hang(ctx context.Context, h *hanger, ms []files.Mount) (_ []files.Mount, err error) {
	if len(ms) == 0 {
		return nil, nil
	}
	if h.home, err = rm.files.HomeRoot(ctx, h.uid); err != nil {
		return nil, err
	}
	if !h.atHome(h.folder) {
		h.folder = h.home
	}
	for i := range ms {
		h.want = append(h.want, h.wanted(&ms[i]))
	}
	if h.own, err = rm.taken(ctx, h.folders(), h.names()); err != nil {
		return nil, err
	}
	kept := map[int64]place{}
	for _, i := range h.order() {
		p, err := h.free(ctx, rm, i)
		if err != nil {
			return nil, err
		}
		if p != h.want[i].place || h.want[i].lost {
			kept[ms[i].Root] = p
		}
		ms[i].Path = append(h.pathOf(p.folder), p.name)
	}
	if len(kept) == 0 {
		return ms, nil
	}
	return ms, rm.db.Tx(ctx, func(tx *db.DB) error {
		for node, p := range kept {
			if err := setPlace(ctx, tx, h.uid, node, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// hanger is one hang.
type hanger struct {
	uid    string
	home   int64
	folder int64 // where what is new goes
	places map[int64]place
	chains map[int64][]tree.Node
	want   []wish // by mount
	own    map[place]bool
	used   map[place]bool
}

// wish is where a mount would like to be.
type wish struct {
	place
	firm bool // somebody put it there, or it has been there before
	lost bool // the folder that it was in is gone
}

func (h *hanger) wanted(m *files.Mount) wish {
	if p, ok := h.places[m.Root]; ok {
		if p.folder == h.home || h.atHome(p.folder) {
			return wish{place: p, firm: true}
		}
		return wish{place: place{h.folder, p.name}, lost: true}
	}
	return wish{place: place{h.folder, m.Tag.(*Received).Shares[0].Target}}
}

// atHome tells whether a folder is still in the recipient's home.
func (h *hanger) atHome(folder int64) bool {
	chain := h.chains[folder]
	return len(chain) > 0 && chain[0].ID == h.home && chain[len(chain)-1].IsDir()
}

func (h *hanger) pathOf(folder int64) (out []string) {
	if folder == h.home {
		return nil
	}
	for _, n := range h.chains[folder][1:] {
		out = append(out, n.Name)
	}
	return out
}

func (h *hanger) folders() (out []int64) {
	for _, w := range h.want {
		out = append(out, w.folder)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (h *hanger) names() (out []string) {
	for _, w := range h.want {
		out = append(out, w.name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// order is who comes first to a name: what was put there before what is new.
func (h *hanger) order() []int {
	out := make([]int, len(h.want))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(number(!h.want[a].firm), number(!h.want[b].firm)) })
	return out
}

// free is the place that a mount gets: the one it wishes for, or the same with a
// number behind the name.
func (h *hanger) free(ctx context.Context, rm *Room, i int) (place, error) {
	p := h.want[i].place
	for n := 2; h.used[p] || h.own[p]; n++ {
		p.name = names.Numbered(h.want[i].name, n)
		if n%16 == 2 { // the next names were not asked for yet
			var more []string
			for k := range 16 {
				more = append(more, names.Numbered(h.want[i].name, n+k))
			}
			own, err := rm.taken(ctx, []int64{p.folder}, more)
			if err != nil {
				return place{}, err
			}
			for at := range own {
				h.own[at] = true
			}
		}
	}
	h.used[p] = true
	return p, nil
}

// taken tells at which of some names in some folders something stands, with one
// statement for 500 of both.
func (rm *Room) taken(ctx context.Context, folders []int64, names []string) (map[place]bool, error) {
	out := map[place]bool{}
	return out, chunked(folders, func(some []int64) error {
		return chunked(names, func(part []string) error {
			there, err := rm.tree.NamedIn(ctx, rm.db, some, part)
			for _, n := range there {
				out[place{n.Parent, n.Name}] = true
			}
			return err
		})
	})
}

// Relocate implements files.Mover.
func (rm *Room) Relocate(ctx context.Context, tx *db.DB, p *who.Principal, m *files.Mount, folder int64, name string) error {
	return setPlace(ctx, tx, p.ID, m.Root, place{folder, name})
}

// Leave implements files.Mover. What was shared with p alone ends; what was shared
// with a group is turned down by p, who may take it back.
func (rm *Room) Leave(ctx context.Context, tx *db.DB, p *who.Principal, m *files.Mount) error {
	r, ok := m.Tag.(*Received)
	if !ok {
		return fault.New(fault.Denied, "This folder cannot be deleted.")
	}
	for _, s := range r.Shares {
		if err := rm.leave(ctx, tx, p.ID, s); err != nil {
			return err
		}
	}
	return nil
}

func (rm *Room) leave(ctx context.Context, tx *db.DB, uid string, s Share) error {
	if s.Kind != Group {
		return rm.end(ctx, tx, s, event.ShareLeft, uid)
	}
	if err := setState(ctx, tx, uid, declined, s.ID); err != nil {
		return err
	}
	return rm.publish(ctx, tx, event.ShareRemoved{Shared: shared(s, uid), Why: event.ShareLeft})
}

var (
	_ files.Mounter    = (*Room)(nil)
	_ files.Mover      = (*Room)(nil)
	_ files.Rememberer = (*Room)(nil)
)
