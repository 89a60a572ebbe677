package trash

import (
	"errors"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// A preview is shown of what lies in one's trash, and in folders there, and of
// nothing else.
func TestRevealsWhatLiesInTheTrash(t *testing.T) {
	each(t, func(g *rig) {
		d := g.As("dave1")
		d.Folder("/folder")
		in, alone, kept := d.Put("/folder/in.png", "in"), d.Put("/alone.png", "alone"), d.Put("/kept.png", "kept")
		d.Drop("/folder")
		d.Drop("/alone.png")
		dave := &who.Principal{ID: "dave1"}
		for id, content := range map[int64]int64{in.ID: in.Content, alone.ID: alone.Content} {
			v, e, err := g.room.Reveal(t.Context(), dave, "", id, 0)
			if err != nil || e.Content != content || e.Mime != "image/png" || v.MayRead(t.Context(), e) != nil {
				t.Errorf("node %d: %+v, %v", id, e, err)
			}
		}
		for _, c := range []struct {
			p  *who.Principal
			id int64
		}{{dave, kept.ID}, {dave, 99999999}, {&who.Principal{ID: "dave2"}, alone.ID}} {
			if _, _, err := g.room.Reveal(t.Context(), c.p, "", c.id, 0); !errors.Is(err, fault.NotFound) {
				t.Errorf("node %d for %s: %v", c.id, c.p.ID, err)
			}
		}
		if _, _, err := g.room.Reveal(t.Context(), &who.Principal{ID: "dave1", Scope: &who.Scope{Folders: []int64{7}}}, "", alone.ID, 0); !errors.Is(err, fault.Denied) {
			t.Errorf("a credential for a folder: %v", err)
		}
	})
}
