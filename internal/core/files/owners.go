package files

import "context"

// Owners tells whose homes spaces are. Spaces that are nobody's home are left out.
func (s *Service) Owners(ctx context.Context, spaces ...int64) (map[int64]string, error) {
	if len(spaces) == 0 {
		return nil, nil
	}
	return s.tree.Homes(ctx, s.db, spaces)
}
