package shares

import (
	"context"
	"errors"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
)

// Way is a way by which a file or folder can be seen: by its owner, or by a share of
// it or of a folder above.
type Way struct {
	Share  Share // the zero Share for the owner
	Owner  string
	Perms  files.Perm
	Sealed bool // not to be downloaded
	Via    tree.Node
	Chain  []tree.Node // to Via from the root of the owner's home
	UIDs   []string    // who sees it so; none by links and mail
	Since  time.Time   // zero for the owner
}

// Ways tells who can see a node, by which way, and since when: its owner first, then
// by shares, those of the nearest folder first. It costs what Weigh costs and one
// statement for each group. A node that lies in no home, such as one in the trash, is
// seen by nobody.
func (rm *Room) Ways(ctx context.Context, node int64) ([]Way, error) {
	chains, owners, err := rm.whereabouts(ctx, []int64{node})
	if err != nil {
		return nil, err
	}
	chain := chains[node]
	if len(chain) == 0 {
		return nil, fault.New(fault.NotFound, "There is no such file or folder.")
	}
	owner := owners[chain[0].ID]
	if owner == "" {
		return nil, nil
	}
	out := []Way{{Owner: owner, Perms: files.All, Via: chain[len(chain)-1], Chain: chain, UIDs: []string{owner}}}
	reach, err := rm.reach(ctx, map[int64][]tree.Node{node: chain}, User, Group, Link, Mail)
	if err != nil {
		return nil, err
	}
	rs := reach[node]
	slices.Reverse(rs) // they come from the root down
	for _, r := range rs {
		out = append(out, Way{Share: r.Share, Owner: owner, Perms: r.Worth.Perms, Sealed: r.Worth.Sealed, Via: r.Worth.Node(), Chain: r.Worth.Chain,
			UIDs: r.UIDs, Since: r.Share.Created})
	}
	return out, nil
}

// Explain is Ways for somebody who asks: the owner, whoever may share the node, and
// administrators.
func (rm *Room) Explain(ctx context.Context, p *who.Principal, node int64) ([]Way, error) {
	if p.Role == who.Admin && !p.Narrow() {
		return rm.Ways(ctx, node)
	}
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	e, err := v.ByID(ctx, node)
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, fault.New(fault.NotFound, "There is no such file or folder.")
	case err != nil:
		return nil, err
	case e.Mount.Owner != p.ID && e.Perm()&files.Share == 0:
		return nil, fault.New(fault.Denied, "Only who may share this can see with whom it is shared.")
	}
	return rm.Ways(ctx, node)
}
