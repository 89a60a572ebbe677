package app

import (
	"maps"
	"slices"
	"testing"

	"atrium/internal/feature/roles"
)

// Every right that a role may grant opens some route, and every right that a
// route names may be granted.
func TestRightsAreThoseOfRoutes(t *testing.T) {
	named := map[string]bool{}
	for _, r := range routes(t).Routes() {
		if right := r.Right(); right != "" {
			named[right] = true
		}
	}
	got, want := slices.Sorted(maps.Keys(named)), slices.Sorted(maps.Keys(roles.Rights()))
	if !slices.Equal(got, want) {
		t.Errorf("routes name the rights %v, roles may grant %v", got, want)
	}
}
