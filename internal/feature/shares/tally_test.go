package shares

import (
	"slices"
	"testing"

	"atrium/internal/core/files"
)

func TestSharesAreCountedByKindAndPermissions(t *testing.T) {
	each(t, func(g *rig) {
		v := g.as("olga")
		for _, path := range []string{"/a", "/b"} {
			v.put(path, "x")
			for _, w := range []Wish{{Recipient: "otto", Perms: perms(files.Read)}, {Kind: Link}, {Kind: Link, Password: "secret"}} {
				_, err := g.offer("olga", path, w)
				g.must(err)
			}
		}
		got, err := g.room.Tallies(g.ctx)
		g.must(err)
		link := got[len(got)-1].Perms
		if want := []Tally{{User, int64(files.Read), false, 2}, {Link, link, false, 2}, {Link, link, true, 2}}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
