package provisioning

import (
	"slices"
	"testing"
	"time"

	"atrium/internal/core/identity"
)

// An answer that was cut short would look whole.
func TestTooManyDetailsAreRefused(t *testing.T) {
	g := lite(t)
	g.room.most = 4
	g.want(400, root, "GET", "/cloud/users/details")
	g.want(400, root, "GET", "/cloud/users/details?limit=9")
	g.want(200, root, "GET", "/cloud/users/details?limit=4")
	g.want(200, root, "GET", "/cloud/users/details?limit=9&offset=6")
	g.want(200, root, "GET", "/cloud/users")
}

// Whoever came last stands first, in JSON objects too, whose order PHP keeps.
func TestRecentKeepsItsOrder(t *testing.T) {
	each(t, func(t *testing.T, g *rig) {
		for _, uid := range []string{"otto", "alice"} {
			g.now = g.now.Add(time.Minute)
			g.want(200, uid, "GET", "/cloud/user")
		}
		var us []string
		for u, err := range g.dir.Users(t.Context(), identity.Query{Recent: true}) {
			g.must(err)
			us = append(us, u.ID)
		}
		if !slices.Equal(us, []string{"alice", "otto"}) {
			t.Errorf("%v", us)
		}
		text, err := records{{ID: "zoe"}, {ID: "amy"}}.MarshalJSON()
		if g.must(err); string(text[:7]) != `{"zoe":` {
			t.Errorf("%s", text)
		}
	})
}
