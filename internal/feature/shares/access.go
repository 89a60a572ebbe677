package shares

import (
	"context"
	"slices"

	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
)

// Reach is a share by which people see a node.
type Reach struct {
	Share Share
	Worth Worth
	UIDs  []string // who sees it by this share; none for links and mail
}

// reach finds the shares by which nodes are seen, of any kind, that are worth
// something. chains are the nodes from the root of the space down to each.
func (rm *Room) reach(ctx context.Context, chains map[int64][]tree.Node, kinds ...Kind) (map[int64][]Reach, error) {
	var nodes []int64
	for _, chain := range chains {
		for _, n := range chain {
			nodes = append(nodes, n.ID)
		}
	}
	slices.Sort(nodes)
	var ss []Share
	err := chunked(slices.Compact(nodes), func(part []int64) error {
		some, err := where(ctx, rm.db, "s.node IN (?) AND s.kind IN (?)", part, kinds)
		ss = append(ss, some...)
		return err
	})
	if err != nil || len(ss) == 0 {
		return nil, err
	}
	worths, err := rm.Weigh(ctx, ss...)
	if err != nil {
		return nil, err
	}
	ss = slices.DeleteFunc(ss, func(s Share) bool { return worths[s.ID].Perms == 0 })
	uids, err := rm.recipients(ctx, ss, worths)
	if err != nil {
		return nil, err
	}
	on := map[int64][]Reach{}
	for _, s := range ss {
		on[s.Node] = append(on[s.Node], Reach{s, worths[s.ID], uids[s.ID]})
	}
	out := map[int64][]Reach{}
	for id, chain := range chains {
		for _, n := range chain {
			out[id] = append(out[id], on[n.ID]...)
		}
	}
	return out, nil
}

// recipients tells who has accepted shares: with one statement for what they made of
// them and one for each group.
func (rm *Room) recipients(ctx context.Context, ss []Share, worths map[int64]Worth) (map[int64][]string, error) {
	if len(ss) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(ss))
	for i, s := range ss {
		ids[i] = s.ID
	}
	st := states{}
	err := chunked(ids, func(part []int64) error {
		some, err := statesBy(ctx, rm.db, "share IN (?)", part)
		for id, by := range some {
			st[id] = by
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	members, out := map[string][]string{}, map[int64][]string{}
	for _, s := range ss {
		to := []string{s.Recipient}
		switch s.Kind {
		case User:
		case Group:
			if members[s.Recipient] == nil {
				if members[s.Recipient], err = rm.members(ctx, s.Recipient); err != nil {
					return nil, err
				}
			}
			to = members[s.Recipient]
		default:
			continue
		}
		for _, uid := range to {
			if st.has(&s, uid) && uid != s.Sharer && uid != worths[s.ID].Owner {
				out[s.ID] = append(out[s.ID], uid)
			}
		}
	}
	return out, nil
}

func (rm *Room) members(ctx context.Context, gid string) (uids []string, err error) {
	for u, err := range rm.dir.Users(ctx, identity.Query{Group: gid}) {
		if err != nil {
			return nil, err
		}
		uids = append(uids, u.ID)
	}
	return uids, nil
}

// Viewers implements files.Audience.
func (rm *Room) Viewers(ctx context.Context, chains map[int64][]tree.Node, add func(node int64, uid string)) error {
	reach, err := rm.reach(ctx, chains, User, Group)
	if err != nil {
		return err
	}
	for id, rs := range reach {
		for _, r := range rs {
			for _, uid := range r.UIDs {
				add(id, uid)
			}
		}
	}
	return nil
}

var _ files.Audience = (*Room)(nil)
