package files

import (
	"context"
	"strings"

	"atrium/internal/base/fault"
)

// noClash refuses a new name that differs from a neighbour's only in upper and
// lower case, if the instance wants it so: Windows and macOS cannot show both.
// It reads the folder's names, a cost that only this policy has.
func (v *View) noClash(ctx context.Context, s *spot) error {
	if !v.RefuseCaseClash {
		return nil
	}
	for n, err := range v.tree.Children(ctx, s.parent.ID) {
		if err != nil {
			return err
		}
		if n.ID != s.self && n.Name != s.name && strings.EqualFold(n.Name, s.name) {
			return clash(n.Name)
		}
	}
	return nil
}

func clash(name string) error {
	return fault.New(fault.Conflict, "There is already \"{name}\", which differs only in upper and lower case.", "name", name)
}
