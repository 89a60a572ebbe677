package files

import (
	"context"
	"slices"
	"strings"
)

// Reach is a part of what a view shows: a node and all that lies below it.
type Reach struct {
	Space, Root int64    // the root of the space that the node lies in, and the node
	Path        []string // names below the view's root; empty for the home
	Owner       string   // user id
}

// Reaches lists the parts of the view that may be read, the home first. Of a
// limited credential they are what it is limited to.
func (v *View) Reaches() []Reach {
	var out []Reach
	for i := range v.mounts {
		if m := &v.mounts[i]; m.Perm&Read != 0 && !m.way {
			out = append(out, Reach{m.Space, m.Root, slices.Clone(m.Path), m.Owner})
		}
	}
	return out
}

// Seen returns those of some nodes that the viewer sees and may read. It costs
// one statement for any number and does not settle: of folders, sizes and times
// may lag.
func (v *View) Seen(ctx context.Context, ids []int64) (map[int64]*Entry, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	chains, err := v.tree.Up(ctx, ids...)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]*Entry, len(chains))
	for id, chain := range chains {
		_, at, ok := v.through(chain)
		if !ok {
			continue
		}
		m, _ := v.mount(at)
		if v.hides(m, at) || m.Perm&Read == 0 {
			continue
		}
		e, err := v.entry(ctx, chain[len(chain)-1], m, "/"+strings.Join(at, "/"))
		if err != nil {
			return nil, err
		}
		out[id] = e
	}
	return out, nil
}
