package versions

import (
	"errors"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// A preview is shown of the versions of a file that one sees.
func TestRevealsVersions(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		old := d.Put("/a.png", "old", 1500000000)
		now := d.Put("/a.png", "new and longer", 1600000000)
		dave := &who.Principal{ID: "dave1"}
		v, e, err := g.room.Reveal(t.Context(), dave, "/a.png", 0, 1500000000)
		if err != nil || e.Content != old.Content || e.Size != 3 || e.MTime.Unix() != 1500000000 || v.MayRead(t.Context(), e) != nil {
			t.Errorf("by path: %+v, %v", e, err)
		}
		if _, e, err := g.room.Reveal(t.Context(), dave, "", now.ID, 1600000000); err != nil || e.Content != now.Content {
			t.Errorf("by id: %+v, %v", e, err)
		}
		for _, c := range []struct {
			p       *who.Principal
			path    string
			version int64
		}{{dave, "/a.png", 1}, {dave, "/none.png", 1500000000}, {&who.Principal{ID: "dave2"}, "/a.png", 1500000000}} {
			if _, _, err := g.room.Reveal(t.Context(), c.p, c.path, 0, c.version); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s of %s at %d: %v", c.path, c.p.ID, c.version, err)
			}
		}
	})
}
