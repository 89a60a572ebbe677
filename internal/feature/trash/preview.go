package trash

import (
	"context"
	"path"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
)

// Reveal finds something by its id in somebody's trash, or in a folder there, and
// the view through which they may read it: for its preview.
func (rm *Room) Reveal(ctx context.Context, p *who.Principal, _ string, id, _ int64) (*files.View, *files.Entry, error) {
	if err := mayUse(p); err != nil {
		return nil, nil, err
	}
	chains, err := rm.files.Chains(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	items, _, err := rm.shown(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	chain := chains[id]
	for _, it := range items {
		at := slices.IndexFunc(chain, func(n tree.Node) bool { return n.ID == it.Node })
		if at < 0 {
			continue
		}
		below := "/"
		for _, n := range chain[at+1:] {
			below = path.Join(below, n.Name)
		}
		f, err := rm.look(ctx, p, it.Name, it.Deleted, below)
		if err != nil {
			return nil, nil, err
		}
		return f.view, f.Entry, nil
	}
	return nil, nil, missing(fault.NotFound)
}
