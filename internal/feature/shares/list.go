package shares

import (
	"cmp"
	"context"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// Listed is a share in a list, with what it is worth.
type Listed struct {
	Share
	Worth Worth
	// Via is the folder above that is shared, in a list of what is inherited.
	Via tree.Node
}

// Whose tells which shares are listed.
type Whose uint8

// The shares that somebody made, and with them those that others made of the same.
const (
	Mine     Whose = iota
	Everyone       // also what others made of nodes that are p's, and links of nodes that p may share
)

// List returns the shares that p made, sorted by kind and age (32-sharing/049, 050).
func (rm *Room) List(ctx context.Context, p *who.Principal, whose Whose) ([]Listed, error) {
	cond, args := "s.sharer = ?", []any{p.ID}
	if whose == Everyone {
		cond, args = "(s.sharer = ? OR s.owner = ?)", []any{p.ID, p.ID}
	}
	ss, err := where(ctx, rm.db, cond, args...)
	if err != nil {
		return nil, err
	}
	return rm.living(ctx, ss)
}

// Sought says which shares an administrator looks for; "" is anybody.
type Sought struct{ Owner, Sharer, Recipient string }

// Sought returns the shares that an administrator looks for and that are worth
// something, sorted by kind and age.
func (rm *Room) Sought(ctx context.Context, w Sought) ([]Listed, error) {
	ss, err := where(ctx, rm.db, "(s.owner = ? OR ? = '') AND (s.sharer = ? OR ? = '') AND (s.recipient = ? OR ? = '')",
		w.Owner, w.Owner, w.Sharer, w.Sharer, w.Recipient, w.Recipient)
	if err != nil {
		return nil, err
	}
	return rm.living(ctx, ss)
}

// Of returns the shares of an entry of p's (32-sharing/052, 053, 062).
func (rm *Room) Of(ctx context.Context, p *who.Principal, e *files.Entry, whose Whose) ([]Listed, error) {
	ss, err := where(ctx, rm.db, "s.node = ?", e.ID)
	if err != nil {
		return nil, err
	}
	return rm.living(ctx, slices.DeleteFunc(ss, func(s Share) bool { return !known(p, e, s, whose) }))
}

// known tells whether p, who sees a node as e, gets to see a share of it.
func known(p *who.Principal, e *files.Entry, s Share, whose Whose) bool {
	if s.Sharer == p.ID {
		return true
	}
	return whose == Everyone && (e.Mount.Owner == p.ID || s.shownTo(e.Perm()))
}

// In returns the shares of what lies directly in a folder (32-sharing/054).
func (rm *Room) In(ctx context.Context, p *who.Principal, folder *files.Entry) ([]Listed, error) {
	if !folder.IsDir() {
		return nil, fault.New(fault.Invalid, "Not a directory")
	}
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	entries := map[int64]*files.Entry{}
	var ids []int64
	for e, err := range v.List(ctx, folder) {
		if err != nil {
			return nil, err
		}
		entries[e.ID] = e
		ids = append(ids, e.ID)
	}
	var ss []Share
	err = chunked(ids, func(part []int64) error {
		some, err := where(ctx, rm.db, "s.node IN (?)", part)
		for _, s := range some {
			if known(p, entries[s.Node], s, Everyone) {
				ss = append(ss, s)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out, err := rm.living(ctx, ss)
	slices.SortFunc(out, func(a, b Listed) int { return cmp.Compare(a.ID, b.ID) })
	return out, err
}

// Inherited returns the shares of the folders above an entry, the nearest first
// (32-sharing/065).
func (rm *Room) Inherited(ctx context.Context, p *who.Principal, e *files.Entry) ([]Listed, error) {
	chains, err := rm.tree.Up(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	above := chains[e.ID]
	if len(above) == 0 {
		return nil, nil
	}
	above = above[:len(above)-1]
	ids := make([]int64, len(above))
	at := map[int64]int{}
	for i, n := range above {
		ids[i], at[n.ID] = n.ID, i
	}
	ss, err := where(ctx, rm.db, "s.node IN (?)", ids)
	if err != nil {
		return nil, err
	}
	out, err := rm.living(ctx, slices.DeleteFunc(ss, func(s Share) bool { return s.Sharer != p.ID && e.Mount.Owner != p.ID }))
	for i := range out {
		out[i].Via = above[at[out[i].Node]]
	}
	slices.SortStableFunc(out, func(a, b Listed) int { return at[b.Node] - at[a.Node] })
	return out, err
}

// State is what somebody made of what they received.
type State = state

// What somebody has, what waits for them, and what they turned down.
const (
	Accepted = accepted
	Pending  = pending
	Declined = declined
)

// With returns what is shared with p and is in a state (32-sharing/058, 068, 123, 132).
func (rm *Room) With(ctx context.Context, p *who.Principal, st State) ([]Listed, error) {
	groups, err := rm.groupsOf(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	all, err := toUser(ctx, rm.db, p.ID, groups)
	if err != nil {
		return nil, err
	}
	var ss []Share
	for _, g := range all {
		if g.settled(g.state) == st && g.Sharer != p.ID {
			ss = append(ss, g.Share)
		}
	}
	out, err := rm.living(ctx, ss)
	return slices.DeleteFunc(out, func(l Listed) bool { return l.Worth.Owner == p.ID }), err
}

// living weighs shares and leaves out those that have ended.
func (rm *Room) living(ctx context.Context, ss []Share) ([]Listed, error) {
	if len(ss) == 0 {
		return nil, nil
	}
	sortShares(ss)
	worths, err := rm.Weigh(ctx, ss...)
	if err != nil {
		return nil, err
	}
	var out []Listed
	for _, s := range ss {
		if w := worths[s.ID]; w.Perms != 0 {
			out = append(out, Listed{Share: s, Worth: w})
		}
	}
	return out, nil
}

// Given returns the shares of entries that p made, or that are of p's own files, by
// node, with one statement for 500 entries and what Weigh needs.
func (rm *Room) Given(ctx context.Context, p *who.Principal, es []*files.Entry) (map[int64][]Share, error) {
	owned, ids := map[int64]bool{}, make([]int64, 0, len(es))
	for _, e := range es {
		owned[e.ID] = e.Mount.Owner == p.ID
		ids = append(ids, e.ID)
	}
	var ss []Share
	err := chunked(ids, func(part []int64) error {
		some, err := where(ctx, rm.db, "s.node IN (?)", part)
		for _, s := range some {
			if owned[s.Node] || s.Sharer == p.ID {
				ss = append(ss, s)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	ls, err := rm.living(ctx, ss)
	out := map[int64][]Share{}
	for _, l := range ls {
		out[l.Node] = append(out[l.Node], l.Share)
	}
	return out, err
}

// Often is with whom somebody shares, and how often.
type Often struct {
	Kind      Kind
	Recipient string
	Count     int
}

// Often lists the accounts, groups and mail addresses that p shares with, those that
// most is shared with first.
func (rm *Room) Often(ctx context.Context, p *who.Principal, limit int) ([]Often, error) {
	return db.List(ctx, rm.db, func(r db.Row) (o Often, err error) { return o, r.Scan(&o.Kind, &o.Recipient, &o.Count) },
		"SELECT kind, recipient, COUNT(*) AS times FROM share WHERE sharer = ? AND kind IN (?) GROUP BY kind, recipient ORDER BY times DESC, recipient LIMIT ?",
		p.ID, []Kind{User, Group, Mail}, limit)
}

// Groups are those of somebody within which they may share and be found.
func (rm *Room) Groups(ctx context.Context, p *who.Principal) ([]string, error) {
	return rm.groupsOf(ctx, p.ID)
}
