package shares

import (
	"context"
	"slices"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
)

// Worth is what a share gives at this moment.
type Worth struct {
	Perms  files.Perm // 0: nothing any more
	Sealed bool       // may be looked at, not downloaded
	Owner  string     // whose home the node lies in; "" if it lies in none, such as the trash
	Chain  []tree.Node
}

// Node is the shared file or folder.
func (w *Worth) Node() tree.Node { return w.Chain[len(w.Chain)-1] }

// Space is the root of the space that the node lies in.
func (w *Worth) Space() int64 { return w.Chain[0].ID }

// Weigh tells what shares are worth. One whose node is gone or in no home, that has
// expired, or whose maker holds nothing any more is worth nothing: its Perms are 0.
// It costs two statements for any number of shares, and three more if any of them
// was made by somebody who is not the owner.
func (rm *Room) Weigh(ctx context.Context, ss ...Share) (map[int64]Worth, error) {
	nodes := make([]int64, len(ss))
	for i, s := range ss {
		nodes[i] = s.Node
	}
	chains, owners, err := rm.whereabouts(ctx, nodes)
	if err != nil {
		return nil, err
	}
	return rm.weigh(ctx, ss, chains, owners)
}

// whereabouts finds the chains of nodes and whose homes they end in.
func (rm *Room) whereabouts(ctx context.Context, nodes []int64) (map[int64][]tree.Node, map[int64]string, error) {
	slices.Sort(nodes)
	chains, roots := map[int64][]tree.Node{}, []int64{}
	err := chunked(slices.Compact(nodes), func(part []int64) error {
		some, err := rm.tree.Up(ctx, part...)
		for id, chain := range some {
			chains[id] = chain
			roots = append(roots, chain[0].ID)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(roots)
	owners, err := rm.tree.Homes(ctx, rm.db, slices.Compact(roots))
	return chains, owners, err
}

func (rm *Room) weigh(ctx context.Context, ss []Share, chains map[int64][]tree.Node, owners map[int64]string) (map[int64]Worth, error) {
	now := rm.Now()
	out := make(map[int64]Worth, len(ss))
	var resting []Share // on what their makers received
	for _, s := range ss {
		w := Worth{Chain: chains[s.Node]}
		if w.Chain != nil {
			w.Owner = owners[w.Chain[0].ID]
		}
		if w.Owner != "" && alive(s, now) {
			if s.Sharer == w.Owner {
				w.Perms, w.Sealed = s.Perms, sealed(s.Attributes)
			} else {
				resting = append(resting, s)
			}
		}
		out[s.ID] = w
	}
	if len(resting) == 0 {
		return out, nil
	}
	h, err := rm.holdings(ctx, resting, chains, owners)
	if err != nil {
		return nil, err
	}
	for _, s := range resting {
		w := out[s.ID]
		w.Perms, w.Sealed = h.given(s)
		out[s.ID] = w
	}
	return out, nil
}

func alive(s Share, now time.Time) bool { return s.Expires.IsZero() || now.Before(s.Expires) }

// holdings is who holds what of some nodes by shares that are worth something.
type holdings struct {
	chains map[int64][]tree.Node
	groups map[string][]string // of those who shared something
	states states              // and what they made of what they received
	on     map[int64][]Share   // shares by node
	perms  map[int64]files.Perm
	sealed map[int64]bool
}

// holdings finds what the makers of shares hold of their nodes.
func (rm *Room) holdings(ctx context.Context, resting []Share, chains map[int64][]tree.Node, owners map[int64]string) (*holdings, error) {
	var nodes []int64
	for _, s := range resting {
		for _, n := range chains[s.Node] {
			nodes = append(nodes, n.ID)
		}
	}
	slices.Sort(nodes)
	all, err := inside(ctx, rm.db, slices.Compact(nodes))
	if err != nil {
		return nil, err
	}
	h := &holdings{chains: chains, on: map[int64][]Share{}, perms: map[int64]files.Perm{}, sealed: map[int64]bool{}}
	if err := h.makers(ctx, rm, append(slices.Clone(resting), all...)); err != nil {
		return nil, err
	}
	now := rm.Now()
	var open []Share // of which it is not yet known what they are worth
	for _, s := range all {
		if !alive(s, now) {
			continue
		}
		h.on[s.Node] = append(h.on[s.Node], s)
		if h.ownerOf(s.Node, resting, owners) == s.Sharer {
			h.perms[s.ID], h.sealed[s.ID] = s.Perms, sealed(s.Attributes)
		} else {
			open = append(open, s)
			h.sealed[s.ID] = true
		}
	}
	// Rights flow from the owner along the shares until nothing changes. They only
	// grow, so that shares which rest upon each other in a ring stay worth nothing.
	for changed := true; changed; {
		changed = false
		for _, s := range open {
			perms, sealed := h.given(s)
			if perms != h.perms[s.ID] || sealed != h.sealed[s.ID] {
				h.perms[s.ID], h.sealed[s.ID], changed = perms, sealed, true
			}
		}
	}
	return h, nil
}

// ownerOf is who owns a node that lies on the way to one of the shares'.
func (h *holdings) ownerOf(node int64, resting []Share, owners map[int64]string) string {
	for _, s := range resting {
		chain := h.chains[s.Node]
		at := slices.IndexFunc(chain, func(n tree.Node) bool { return n.ID == node })
		if at >= 0 {
			h.chains[node] = chain[:at+1]
			return owners[chain[0].ID]
		}
	}
	return ""
}

// makers learns of which groups those are who shared something, and what they
// turned down.
func (h *holdings) makers(ctx context.Context, rm *Room, ss []Share) (err error) {
	seen := map[string]bool{}
	var us []*identity.User
	var uids []string
	for _, s := range ss {
		if !seen[s.Sharer] {
			seen[s.Sharer] = true
			us, uids = append(us, &identity.User{ID: s.Sharer}), append(uids, s.Sharer)
		}
	}
	if h.groups, _, err = rm.dir.Memberships(ctx, us...); err != nil {
		return err
	}
	h.states, err = statesBy(ctx, rm.db, "uid IN (?)", uids)
	return err
}

// holds is what somebody has of a node by shares, and whether only to look at.
func (h *holdings) holds(uid string, node int64) (perms files.Perm, sealed bool) {
	sealed = true
	for _, n := range h.chains[node] {
		for _, s := range h.on[n.ID] {
			if h.perms[s.ID] == 0 || s.Sharer == uid || !h.states.has(&s, uid) || !s.reaches(uid, h.groups[uid]) {
				continue
			}
			perms |= h.perms[s.ID]
			sealed = sealed && h.sealed[s.ID]
		}
	}
	return perms, sealed
}

// reaches tells whether a share is for somebody who is in some groups.
func (s *Share) reaches(uid string, groups []string) bool {
	return s.Kind == User && s.Recipient == uid || s.Kind == Group && slices.Contains(groups, s.Recipient)
}

// given is what a share gives whose maker received the node.
func (h *holdings) given(s Share) (perms files.Perm, shut bool) {
	has, only := h.holds(s.Sharer, s.Node)
	if has&files.Share == 0 {
		return 0, true
	}
	return s.Perms & has, only || sealed(s.Attributes)
}
