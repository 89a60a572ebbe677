package files

import (
	"context"

	"atrium/internal/core/tree"
)

// Viewers tells who sees nodes: the owner of the space that each lies in, and
// whoever reaches it by a mount. A node that lies in nobody's home, such as one in
// the trash, has none. It costs two statements for any number of nodes, and what
// the mounters need.
func (s *Service) Viewers(ctx context.Context, ids ...int64) (map[int64][]string, error) {
	chains, err := s.tree.Up(ctx, ids...)
	if err != nil || len(chains) == 0 {
		return nil, err
	}
	roots := make([]int64, 0, len(chains))
	for _, chain := range chains {
		roots = append(roots, chain[0].ID)
	}
	owners, err := s.tree.Homes(ctx, s.db, roots)
	if err != nil {
		return nil, err
	}
	out, seen := map[int64][]string{}, map[int64]map[string]bool{}
	add := func(node int64, uid string) {
		if seen[node] == nil {
			seen[node] = map[string]bool{}
		}
		if !seen[node][uid] {
			seen[node][uid] = true
			out[node] = append(out[node], uid)
		}
	}
	homes := map[int64][]tree.Node{}
	for id, chain := range chains {
		if uid, ok := owners[chain[0].ID]; ok {
			add(id, uid)
			homes[id] = chain
		}
	}
	for m := range s.Hooks.mounters() {
		if a, ok := m.(Audience); ok {
			if err := a.Viewers(ctx, homes, add); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
