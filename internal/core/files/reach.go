package files

import (
	"context"
	"slices"
	"strings"

	"atrium/internal/core/tree"
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
	out := make(map[int64]*Entry, len(ids))
	return out, v.places(ctx, ids, func(n tree.Node, m *Mount, at string) (err error) {
		if m.Perm&Read != 0 {
			out[n.ID], err = v.entry(ctx, n, m, at)
		}
		return err
	})
}

// places tells where the view shows nodes, and by which mount.
func (v *View) places(ctx context.Context, ids []int64, f func(n tree.Node, m *Mount, at string) error) error {
	chains, err := v.tree.Up(ctx, ids...)
	for _, chain := range chains {
		_, at, ok := v.through(chain)
		if m, _ := v.mount(at); ok && !v.hides(m, at) && err == nil {
			err = f(chain[len(chain)-1], m, "/"+strings.Join(at, "/"))
		}
	}
	return err
}
